import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { bytesOf, type End, hashOf } from '../reference/community-id.js';
import { unmapped } from '../reference/formats.js';
import { Program } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { JsonChild } from '../workload/child.js';
import { BACKPORTS, debianPeer } from './debian.mjs';
import { linesOf, Peer, type PeerProgram, Place } from './peer.js';

const { program, libraries, reason } = await debianPeer(['suricata'], 'suricata', BACKPORTS);
const FLOWS = fileURLToPath(new URL('flows.mjs', import.meta.url));
const PER_GROUP = 200;

/** Connections from one address to a port of another, which `listen` takes. */
interface Group {
  readonly listen: string;
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly fromPorts: readonly number[];
}

/** The listener's port above all of its peers' ports, and below them; the bytes of ports are in either order too. */
const ORDERS = [
  { port: 60_000, first: 10_000 },
  { port: 9000, first: 30_000 },
];

const groupsOf = (ends: readonly (readonly [listen: string, from: string, to: string])[]): Group[] =>
  ends.flatMap(([listen, from, to]) =>
    ORDERS.map(({ port, first }) => {
      const fromPorts = Array.from({ length: PER_GROUP }, (_, index) => first + 97 * index);
      return { listen, from, to, port, fromPorts };
    }),
  );

const DIFFERENT = groupsOf([
  ['127.0.0.2', '127.0.0.1', '127.0.0.2'],
  ['127.0.0.1', '127.0.0.2', '127.0.0.1'],
  ['::', '127.0.0.4', '127.0.0.3'],
  ['::', '127.0.0.3', '127.0.0.4'],
  ['fd00::2', '2001:db8::ffff:1', 'fd00::2'],
  ['2001:db8::ffff:1', 'fd00::2', '2001:db8::ffff:1'],
]);
const EQUAL = groupsOf([
  ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
  ['fd00::2', 'fd00::2', 'fd00::2'],
]);

const NETWORK = `ip link set lo up
for address in fd00::2 2001:db8::ffff:1; do ip -6 addr add $address/128 dev lo nodad || exit; done
echo '{"kind":"ready"}'
exec cat`;

// Flows are told a second after their end, not when Suricata ends: what is in its ring then would be missing.
const timeoutsOf = (states: readonly string[]) =>
  states.flatMap((state) => [`    ${state}: 1`, `    emergency-${state}: 0`]).join('\n');

const configOf = (place: Place) => `%YAML 1.1
---
logging: { outputs: [{ console: { enabled: yes } }] }
outputs:
  - eve-log: { enabled: yes, filetype: regular, filename: ${place.written}, community-id: true, types: [flow] }
af-packet:
  - { interface: lo, threads: 1, tpacket-v3: yes, checksum-checks: no }
flow-timeouts:
  tcp:
${timeoutsOf(['new', 'established', 'closed', 'bypassed'])}
`;

/** A network namespace with nothing but its loopback interface: a command that runs another command there. */
async function emptyNetwork(): Promise<readonly string[]> {
  const holder = new JsonChild<{ kind: string }>('unshare', ['-n', 'sh', '-c', NETWORK]);
  onTestFinished(() => holder.kill());
  await holder.line('ready');
  return ['nsenter', '-t', `${holder.pid}`, '-n'];
}

async function watch(inside: readonly string[], place: Place): Promise<Peer> {
  const suricata: PeerProgram = {
    libraries,
    command: (config, folder) => [...inside, program, '-c', config, '--af-packet=lo', '-S', '/dev/null', '-l', folder],
  };
  const config = join(place.folder, 'suricata.yaml');
  writeFileSync(config, configOf(place));
  const peer = new Peer(suricata, config, place);
  await until(
    () => `Suricata: ${peer.said}`,
    () => peer.said.includes('Engine started'),
    60_000,
  );
  return peer;
}

async function capture(pid: number): Promise<Program> {
  const started = new Program(['--format', 'json', '--log-level', 'info', '-p', `${pid}`]);
  onTestFinished(() => started.signal('SIGKILL'));
  await until(
    () => started.stderr,
    () => started.stderr.includes('live by '),
  );
  return started;
}

type Ids = Readonly<Record<string, string>>;

/** Suricata writes all groups of an IPv6 address. */
const flowOf = (from: string, fromPort: number, to: string, port: number): string =>
  [bytesOf(unmapped(from) ?? '').join('.'), fromPort, bytesOf(unmapped(to) ?? '').join('.'), port].join(' ');

function idsOf(lines: readonly string[], pairOf: (line: string) => readonly [string, string]): Ids {
  const ids = Object.fromEntries(lines.map(pairOf));
  expect(Object.keys(ids), 'a flow came twice').toHaveLength(lines.length);
  return ids;
}

function ourPair(line: string): readonly [string, string] {
  const { remote_address, remote_port, local_address, local_port, community_id } = JSON.parse(line);
  return [flowOf(remote_address, remote_port, local_address, local_port), community_id];
}

function theirPair(line: string): readonly [string, string] {
  const { src_ip, src_port, dest_ip, dest_port, community_id } = JSON.parse(line);
  return [flowOf(src_ip, src_port, dest_ip, dest_port), community_id];
}

/** Makes the connections; the ids of both programs by flow. */
async function compare(groups: readonly Group[]): Promise<{ ours: Ids; theirs: Ids }> {
  const [place, inside] = [new Place(), await emptyNetwork()];
  const [command = '', ...rest] = [...inside, process.execPath, FLOWS, JSON.stringify(groups)];
  const peers = new JsonChild<{ kind: string }>(command, rest);
  onTestFinished(() => peers.kill());
  await peers.line('ready');
  const [suricata, agent] = [await watch(inside, place), await capture(peers.pid)];
  const count = groups.length * PER_GROUP;
  peers.release();
  await peers.finish();
  await agent.until(`${count} records`, (stdout) => stdout.split('\n').length > count);
  await place.lines(count, () => suricata.said);
  await agent.stop();
  await suricata.stop();
  const ours = idsOf(agent.stdout.split('\n').slice(0, -1), ourPair);
  return { ours, theirs: idsOf(linesOf(place.written), theirPair) };
}

const plannedFlows = (groups: readonly Group[]): string[] =>
  groups.flatMap(({ from, to, port, fromPorts }) => fromPorts.map((fromPort) => flowOf(from, fromPort, to, port)));

/** What Suricata 7 makes of equal addresses: it orders ports as a little-endian machine reads their bytes. */
function swappedId(flow: string): string {
  const [from = '', fromPort, to = '', port] = flow.split(' ');
  const endOf = (address: string, number: string | undefined): End => [address.split('.').map(Number), Number(number)];
  const swapped = ([, number]: End) => ((number & 255) << 8) | (number >> 8);
  const [one, other] = [endOf(from, fromPort), endOf(to, port)];
  return swapped(one) < swapped(other) ? hashOf(one, other) : hashOf(other, one);
}

const hasIp = spawnSync('ip', ['-V']).status === 0;

describeUnless(reason || liveReason() || (hasIp ? '' : 'needs ip of iproute2'), 'Suricata', () => {
  test('has our community_id for every flow between different addresses', { timeout: 180_000 }, async () => {
    const { ours, theirs } = await compare(DIFFERENT);
    expect(Object.keys(ours).sort()).toEqual(plannedFlows(DIFFERENT).sort());
    expect(theirs).toEqual(ours);
  });

  test('has another one only by its order of ports, between equal addresses', { timeout: 180_000 }, async () => {
    const { ours, theirs } = await compare(EQUAL);
    expect(Object.keys(theirs).sort()).toEqual(plannedFlows(EQUAL).sort());
    const differing = Object.keys(ours).filter((flow) => theirs[flow] !== ours[flow]);
    expect(differing.map((flow) => theirs[flow])).toEqual(differing.map(swappedId));
    const bySwapping = Object.keys(ours).filter((flow) => swappedId(flow) !== ours[flow]);
    // All of them, or none once Suricata orders them as the specification does.
    expect([0, bySwapping.length]).toContain(differing.length);
  });
});
