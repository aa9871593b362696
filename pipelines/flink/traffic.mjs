import { once } from 'node:events';
import { createServer, get } from 'node:http';

const round = (seconds) => Math.round(seconds * 1000) / 1000;

/** A line of the access log, under the names of nginx's variables. Times are in seconds. */
function lineOf({ method, url }, { statusCode }, { ends, began }) {
  return {
    msec: round(Date.now() / 1000),
    ...ends,
    request_method: method,
    request_uri: url,
    status: statusCode,
    request_time: round((performance.now() - began) / 1000),
  };
}

// Not to be asked later: a socket that is closed knows them no more.
function endsOf(socket) {
  return {
    remote_addr: socket.remoteAddress,
    remote_port: socket.remotePort,
    server_addr: socket.localAddress,
    server_port: socket.localPort,
  };
}

/**
 * Starts an HTTP server on a free port of 127.0.0.1.
 * @param {(line: object) => void} onLine gets a line of the access log for each request
 */
export async function startServer(onLine) {
  const server = createServer((request, response) => {
    const known = { ends: endsOf(request.socket), began: performance.now() };
    response.on('finish', () => onLine(lineOf(request, response, known)));
    response.end('ok\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Asks for `url` on a connection of its own; resolves when the answer has ended. */
export async function request(url) {
  const [response] = await once(get(url, { agent: false }), 'response');
  response.resume();
  await once(response, 'end');
}
