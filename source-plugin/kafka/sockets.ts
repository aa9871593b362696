import type { Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';
import { openSocket } from '../network/socket.js';
import { decodeHost } from './address.js';
import { frameReader } from './frames.js';

/** Code of the error of a connection whose other end does not speak Kafka. */
export const NOT_KAFKA = 'NOT_KAFKA';

export interface Sockets {
  readonly factory: ISocketFactory;
  /** Ends all connections at once; what waits for an answer is rejected. */
  destroy(): void;
}

/** Connections for one Kafka client. Bytes that are no response end the connection, never the process. */
export function openSockets(): Sockets {
  const open = new Set<Socket>();
  return {
    factory: ({ host, port, ssl, onConnect }) => {
      const socket = openSocket({ host: decodeHost(host), port, tls: ssl }, onConnect);
      open.add(socket.once('close', () => open.delete(socket)));
      return guard(socket);
    },
    destroy: () => {
      for (const socket of open) socket.destroy(new Error('closed by this side'));
    },
  };
}

// kafkajs takes bytes in its 'data' listener, where a throw would end the process.
function guard(socket: Socket): Socket {
  const listen = socket.on.bind(socket) as (event: string, listener: (...args: never[]) => void) => Socket;
  const on = (event: string, listener: (frame: Buffer) => void): Socket => {
    if (event !== 'data') return listen(event, listener);
    const read = frameReader(listener);
    return listen(event, (chunk: Buffer) => {
      try {
        if (!socket.destroyed) read(chunk);
      } catch (error) {
        socket.destroy(Object.assign(new Error(String((error as Error).message)), { code: NOT_KAFKA }));
      }
    });
  };
  return Object.assign(socket, { on });
}
