import { type Programs, programs } from '../support/programs.js';
import { JsonChild } from './child.js';

/** One accept as everything but the capture saw it. Times in microseconds, names of namespaces as in /proc/PID/ns. */
export interface Truth extends Place {
  readonly kind: 'accept' | 'sentinel';
  readonly fd: number;
  readonly errno: number;
  readonly before_us: number;
  readonly after_us: number;
  readonly wall_before_us: number;
  readonly wall_after_us: number;
  readonly peer_address: string;
  readonly peer_port: number;
  readonly local_address: string;
  readonly local_port: number;
  readonly rtt_us: number;
  readonly backlog: number;
  readonly backlog_max: number;
  readonly client_address: string;
  readonly client_port: number;
  readonly server_address: string;
  readonly server_port: number;
  readonly connect_before_us: number;
  readonly connect_after_us: number;
}

interface Place {
  readonly pid: number;
  readonly tid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly gid: number;
  /** Hexadecimal digits. */
  readonly comm: string;
  readonly process_start_us: number;
  /** The same since the machine started, in ticks of procfs. */
  readonly process_boottime_us: number;
  readonly netns: string;
  readonly mntns: string;
  readonly pidns: string;
  /** Path in the version 2 hierarchy. */
  readonly cgroup: string;
  /** Empty for a thread of the kernel. */
  readonly exe: string;
}

export interface Ready extends Place {
  readonly kind: 'ready';
  readonly port: number;
}

/** What is no TCP accept: its result, and why this machine can't do it ('' when it did). */
export interface Extra {
  readonly kind: 'extra';
  readonly extra: string;
  readonly returned: number;
  readonly unsupported: string;
}

type Line = Truth | Ready | Extra;

/** Options of test/workload/scenario/options.c; `comm` and `thread` are the bytes of a name. */
export interface Scenario {
  readonly listen?: string;
  readonly connect?: string;
  readonly from?: string;
  readonly call?:
    | 'accept'
    | 'accept4'
    | 'null'
    | 'efault'
    | 'eagain'
    | 'emfile'
    | 'compat_accept4'
    | 'uring'
    | 'uring_multishot';
  readonly before?: 'early' | 'fin' | 'reset';
  readonly extra?: 'namesake' | 'unix';
  readonly unshare?: string;
  readonly address?: string;
  readonly cgroup?: string;
  readonly comm?: Uint8Array;
  readonly thread?: Uint8Array;
  readonly port?: number;
  readonly from_port?: number;
  readonly backlog?: number;
  readonly count?: number;
  readonly accepts?: number;
  readonly delay_ms?: number;
  readonly parked?: number;
  readonly ruid?: number;
  readonly euid?: number;
  readonly rgid?: number;
  readonly egid?: number;
  readonly mptcp_listener?: 1;
  readonly mptcp_client?: 1;
  readonly sentinel?: 1;
}

export interface Outcome {
  readonly ready: Ready;
  /** In the order of the accepts of a thread; failed ones too. */
  readonly accepts: Truth[];
  readonly sentinel: Truth | undefined;
  readonly extra: Extra | undefined;
}

/** A process that listens, and accepts when told to. */
export class Workload {
  readonly ready: Ready;
  readonly #child: JsonChild<Line>;

  private constructor(child: JsonChild<Line>, ready: Ready) {
    this.#child = child;
    this.ready = ready;
  }

  static async start(scenario: Scenario, program: keyof Programs = 'scenario'): Promise<Workload> {
    const child = new JsonChild<Line>(programs()[program], scenarioArguments(scenario));
    return new Workload(child, (await child.line('ready')) as Ready);
  }

  /** Connects and accepts; resolves when the process has ended. */
  async run(): Promise<Outcome> {
    this.#child.release();
    const lines = await this.#child.finish();
    return {
      ready: this.ready,
      accepts: lines.filter((line): line is Truth => line.kind === 'accept'),
      sentinel: lines.find((line): line is Truth => line.kind === 'sentinel'),
      extra: lines.find((line) => line.kind === 'extra'),
    };
  }

  kill(): void {
    this.#child.kill();
  }
}

export async function runWorkload(scenario: Scenario): Promise<Outcome> {
  return (await Workload.start(scenario)).run();
}

function scenarioArguments(scenario: Scenario): string[] {
  return Object.entries(scenario).map(([name, value]) => {
    const text = value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
    return `${name}=${text}`;
  });
}
