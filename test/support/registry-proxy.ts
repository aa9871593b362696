import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly url: string;
  /** What was asked so far: method and path with its query. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

export interface ProxyOptions {
  /** The Authorization header without which it answers 401. */
  readonly authorization?: string;
  /** PEM texts: it then speaks TLS only. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A server in front of a registry, on a free port of 127.0.0.1. */
export function proxyTo(registry: string, { authorization, tls }: ProxyOptions = {}): Promise<Proxy> {
  return serve((incoming, outgoing) => {
    if (authorization === undefined || incoming.headers.authorization === authorization)
      forward(registry, incoming, outgoing);
    // As bad as a server can be: it repeats what it was sent.
    else outgoing.writeHead(401).end(JSON.stringify({ error_code: 401, message: incoming.headers.authorization }));
  }, tls);
}

/** A server that answers as it is told, on a free port of 127.0.0.1. */
export async function serve(answer: RequestListener, tls?: ProxyOptions['tls']): Promise<Proxy> {
  const requests: string[] = [];
  const listener: RequestListener = (incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    answer(incoming, outgoing);
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { url: `http${tls ? 's' : ''}://localhost:${(server.address() as AddressInfo).port}`, requests, close };
}

function forward(registry: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, headers } = incoming;
  const onward = request(`${registry}${incoming.url}`, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.writeHead(502).end());
  incoming.pipe(onward);
}
