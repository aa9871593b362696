import type { Truth } from '../workload/workload.js';

/** The columns of tcpaccept, in plain TypeScript: what a row has to be for an accept. */
export interface Columns {
  readonly pid: number;
  /** Bytes as the thread named itself. */
  readonly comm: Uint8Array;
  readonly ip: 4 | 6;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

export const HEADER = 'PID     COMM         IP RADDR            RPORT LADDR            LPORT';

/** What printf("%-7d %-12.12s %-2d %-16s %-5d %-16s %-5d") makes of it; `comm` has to be printable ASCII. */
export function row(columns: Columns): string {
  return [
    String(columns.pid).padEnd(7),
    Buffer.from(columns.comm).toString('latin1').slice(0, 12).padEnd(12),
    String(columns.ip).padEnd(2),
    columns.remoteAddress.padEnd(16),
    String(columns.remotePort).padEnd(5),
    columns.localAddress.padEnd(16),
    String(columns.localPort).padEnd(5),
  ].join(' ');
}

/** The columns of an accept as the workload saw it. */
export function columnsOf(truth: Truth): Columns {
  const reset = truth.peer_address === '';
  const ip = truth.local_address.includes(':') ? 6 : 4;
  const mapped = ip === 6 && !truth.client_address.includes(':') ? '::ffff:' : '';
  return {
    pid: truth.pid,
    comm: Buffer.from(truth.comm, 'hex'),
    ip,
    remoteAddress: mapped + truth.client_address,
    remotePort: truth.client_port,
    localAddress: truth.local_address,
    localPort: reset ? 0 : truth.local_port,
  };
}
