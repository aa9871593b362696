/** Where the registry is and how schemas are named in it. Secrets stand here as themselves, read from their files. */
export interface RegistryOptions {
  /** Base of the Confluent API, http: or https:. */
  readonly url: string;
  /** Basic authentication; not together with `token`. */
  readonly username?: string;
  readonly password?: string;
  /** Bearer authentication. */
  readonly token?: string;
  /** PEM file with the authorities to trust instead of the system's. */
  readonly ca_file?: string;
  /** What is in it, when it has been read already. */
  readonly ca?: string;
  readonly subject_strategy: 'topic' | 'record' | 'topic_record';
  /** True: a schema that is not there is registered. False: it must be there. */
  readonly register: boolean;
}

/** How long a registry that is away is waited for, and who is told. */
export interface Patience {
  /** Told why a request is tried again, once for each new reason. */
  readonly onWait?: (message: string) => void;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  /** From the first attempt of a request to the last; 30 000 unless given. */
  readonly waitMs?: number;
  /** For one attempt, from the connection to the last byte; 10 000 unless given. */
  readonly timeoutMs?: number;
}
