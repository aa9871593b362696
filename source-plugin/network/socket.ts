import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

const KEEP_ALIVE_MS = 60_000;

export interface Endpoint {
  /** Name or address, an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
  /** Not given: no TLS. */
  readonly tls?: ConnectionOptions;
}

/** A connection that is being made; `onConnect` is called when bytes can be sent. */
export function openSocket({ host, port, tls }: Endpoint, onConnect: () => void): Socket {
  const name = isIP(host) ? {} : { servername: host };
  const socket = tls ? connectTls({ host, port, ...name, ...tls }, onConnect) : connectPlain({ host, port }, onConnect);
  return socket.setKeepAlive(true, KEEP_ALIVE_MS);
}
