import { AcceptstreamError } from '../../schemas/error.js';
import type { Sockets } from './sockets.js';

export interface Deadline {
  readonly ms: number;
  readonly brokers: readonly string[];
  readonly operation: string;
  readonly sockets: Sockets;
  /** Ends the work for another reason. */
  readonly signal: AbortSignal;
}

/** Gives up on brokers that take connections and answer nothing, or that no packet reaches: then SINK names them. */
export async function withinSeconds<T>(
  { ms, brokers, operation, sockets, signal }: Deadline,
  work: (either: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = AbortSignal.timeout(ms);
  late.addEventListener('abort', sockets.destroy);
  try {
    return await work(AbortSignal.any([signal, late]));
  } catch (error) {
    if (!late.aborted || signal.aborted) throw error;
    const what = `${brokers.join(', ')} did not answer within ${ms / 1000} s: check that a Kafka broker runs there`;
    throw new AcceptstreamError('SINK', operation, what, error);
  } finally {
    late.removeEventListener('abort', sockets.destroy);
  }
}
