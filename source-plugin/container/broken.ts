import { AcceptstreamError } from '../../schemas/error.js';

/** What ends the reading of a container: bytes that none may have at that offset. */
export function broken(offset: number, reason: string): AcceptstreamError {
  return new AcceptstreamError('MALFORMED', 'read container', `broken at byte ${offset}: ${reason}`);
}

/** A container that may be whole, but is not for this program. */
export function foreign(reason: string): AcceptstreamError {
  return new AcceptstreamError('MALFORMED', 'read container', reason);
}
