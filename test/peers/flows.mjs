// Connections between chosen addresses and ports: accepts each group's here, one after another, when told to.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Resolves when both ends have closed. */
async function join(server, host, port, localAddress, localPort) {
  const accepted = once(server, 'connection').then(([socket]) => once(socket.resume().end(), 'close'));
  const client = connect({ host, port, localAddress, localPort }).resume();
  await Promise.all([once(client, 'close'), accepted]);
}

async function joinAll({ listen, from, to, port, fromPorts }) {
  const server = createServer().listen(port, listen);
  await once(server, 'listening');
  for (const fromPort of fromPorts) await join(server, to, port, from, fromPort);
  server.close();
  await once(server, 'close');
}

say({ kind: 'ready' });
await once(process.stdin, 'data');
for (const group of JSON.parse(process.argv[2])) await joinAll(group);
process.exit();
