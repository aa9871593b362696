import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * Call it at the start; call what it returns at the end. Node.js puts terminals back into their first state when it
 * ends and aborts when one is gone (node::ResetStdio): a terminal that was closed meanwhile is closed here as well.
 */
export function watchTerminals(): () => void {
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  return () => {
    for (const fd of terminals) if (!isatty(fd)) closeSync(fd);
  };
}
