import { AcceptstreamError, reasonOf } from '../../schemas/error.js';

/** What to do about an error of the system. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'the file system is full: free space on it',
  EDQUOT: 'the disk quota is used up: free space, or have it raised',
  EROFS: 'the file system is read-only: mount it for writing, or choose another folder',
  EFBIG: 'the file may not get larger: raise the limit (ulimit -f), or set rotate_bytes below it',
  ENOENT: 'the folder is not there: create it',
  ENOTDIR: 'a part of its path is no folder',
  EEXIST: 'it is there already: remove it, or choose another name',
  EISDIR: 'it is a folder: give the name of a file',
  ELOOP: 'it is a symbolic link, and none is followed here: give the place itself',
  EIO: 'the device fails: see the log of the kernel',
};

/** Code SINK; the message names the file, what is against it, and the remedy. */
export function fileError(what: string, path: string, cause: unknown): AcceptstreamError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? '';
  const remedy = code === 'EACCES' || code === 'EPERM' ? noPermission() : REMEDIES[code];
  const reason = remedy === undefined ? reasonOf(cause) : `${remedy} (${code})`;
  return new AcceptstreamError('SINK', `${what} file`, `cannot ${what} ${path}: ${reason}`, cause);
}

/** Of a lock that is refused for a reason of the system's. */
export function takenError(path: string, refusal: string): AcceptstreamError {
  const isTaken = refusal === 'EAGAIN';
  const reason = isTaken
    ? 'another process writes to this path: stop it, or choose another path'
    : `no lock (${refusal})`;
  return new AcceptstreamError('SINK', 'lock file', `cannot lock ${path}: ${reason}`);
}

function noPermission(): string {
  return `user ${process.geteuid?.()}, as which it runs now, may not: give the folder to that user, or choose another`;
}
