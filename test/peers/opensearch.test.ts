import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { containerOf } from '../source-plugin/container/read-support.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { ROOT } from '../structure/source-files.js';
import { runProgram } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';
import { debianPeer } from './debian.mjs';
import { bulk, Client, leavesOf, typesOf } from './opensearch/client.js';
import { opensearchReason, startOpensearch } from './opensearch/server.mjs';
import { Peer, type PeerProgram, Place, programsWith } from './peer.js';

const START_MS = 180_000;
const BASE_US = 1_790_000_000_000_000;
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const template = JSON.parse(readFileSync(join(ROOT, 'pipelines/opensearch/template.json'), 'utf8'));

const ODD = [
  acceptOf({ sequence: 1, cgroup_id: Number.MAX_SAFE_INTEGER - 1, container_id: 'c'.repeat(64) }),
  acceptOf({ sequence: 2, ip_version: 6, remote_address: '::ffff:192.0.2.9', local_address: '::ffff:192.0.2.1' }),
  acceptOf({ sequence: 3, ip_version: 6, remote_address: '2001:db8::7', local_address: '2001:db8::1', mptcp: true }),
  acceptOf({
    sequence: 4,
    remote_address: '@/run/x',
    local_address: 'pipe',
    peer_reset: true,
    comm: 'a"b\\c\u0001\n\té\u2028 {}',
  }),
  acceptOf({
    sequence: 5,
    ppid: -1,
    process_start: -1,
    backlog: -1,
    rtt_us: -1,
    netns: -1,
    exe: '',
    user_name: '',
    host_id: '',
  }),
];

const rsyslog = await debianPeer(['rsyslog', 'rsyslog-elasticsearch'], 'rsyslogd');
const RSYSLOG: PeerProgram = {
  libraries: rsyslog.libraries,
  command: (config, folder) => [
    ...[rsyslog.program, '-n', '-f', config, '-i', join(folder, 'pid'), '-M', rsyslog.modules],
  ],
};

/** What the program prints of records, as documents. */
async function documents(records: readonly object[]): Promise<string[]> {
  const place = new Place();
  const path = join(place.folder, 'a.avro');
  writeFileSync(path, await containerOf(records));
  const { code, stdout } = await runProgram(['read', '--format', 'ecs', path]);
  expect(code).toBe(0);
  // Of more than 53 bits; the writer of the test's recording has none.
  return stdout
    .replace(`:${Number.MAX_SAFE_INTEGER - 1},`, `:${2n ** 63n - 2n},`)
    .split('\n')
    .slice(0, -1);
}

const linesIn = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

describeUnless(opensearchReason(), 'OpenSearch', () => {
  let opensearch: Awaited<ReturnType<typeof startOpensearch>>;
  let client: Client;

  beforeAll(async () => {
    opensearch = await startOpensearch();
    client = new Client(opensearch.url);
  }, START_MS);
  afterAll(() => opensearch?.stop());
  beforeEach(() => client.empty());

  /** Sends documents by our script, all of which have to be taken. */
  async function index(lines: readonly string[]): Promise<void> {
    expect(await bulk(linesIn(lines), opensearch.url)).toEqual({ status: 0, said: '' });
    await client.refresh();
  }

  test('has the types of the template, and takes up no others', async () => {
    const [line = ''] = await documents(ODD);
    await index([line.replace(/\}$/, ',"of_a_shipper":{"tag":"x"}}')]);
    expect(await client.types()).toEqual(typesOf(template.template.mappings.properties));
    expect(await client.count()).toBe(1);
  });

  test('keeps documents as they are, and finds every field of each by its type', async () => {
    const lines = await documents(ODD);
    await index(lines);
    expect((await client.sources()).sort()).toEqual([...lines].sort());
    const all = lines.map(leavesOf);
    const types = await client.types();
    const expected = new Map(all.flat().map((leaf) => [leaf, all.filter((one) => one.includes(leaf)).length]));
    expect(await client.countLeaves([...expected.keys()], types)).toEqual(expected);
    expect(new Set([...expected.keys()].map((leaf) => leaf.split('\0')[0]))).toEqual(new Set(types.keys()));
  });

  test('takes texts of any length, and finds those of up to 1024 characters', async () => {
    const lines = await documents(
      [1024, 1025, 5000].map((length, at) => acceptOf({ sequence: at + 1, exe: 'x'.repeat(length) })),
    );
    await index(lines);
    expect(await client.count()).toBe(3);
    expect(await client.count({ exists: { field: 'process.executable' } })).toBe(1);
  });

  test('has each accept once, however often it is sent', async () => {
    const lines = await documents(ODD);
    for (const _ of [1, 2]) await index(lines);
    expect(await client.count()).toBe(lines.length);
  });

  test('what it refuses is told, and the rest of it taken', async () => {
    const [first = '', second = ''] = await documents(ODD);
    const { status, said } = await bulk(linesIn([first.replace('"192.0.2.7"', '"nobody"'), second]), opensearch.url);
    expect({ status, said }).toEqual({ status: 1, said: expect.stringContaining('bulk.sh: refused: ') });
    await client.refresh();
    expect(await client.count()).toBe(1);
  });

  test('finds networks and times to the microsecond, exactly', async () => {
    const records = Array.from({ length: 3000 }, (_, at) =>
      acceptOf({
        ...{ sequence: at + 1, event_time: BASE_US + at },
        ...(at % 3 === 0
          ? { ip_version: 6, remote_address: `2001:db8:0:${at % 5}::${(at % 251).toString(16)}` }
          : { remote_address: `192.0.${at % 5}.${at % 256}` }),
      }),
    );
    await index(await documents(records));
    for (const [net = '', bits = ''] of [
      '192.0.2.0/24',
      '192.0.2.128/25',
      '192.0.0.0/22',
      '192.0.4.210/32',
      '2001:db8:0:2::/64',
      '2001:db8::/32',
      '2001:db8:0:4::eb/128',
      '0.0.0.0/0',
    ].map((one) => one.split('/'))) {
      const [from, to] = [1001, 2002];
      const list = new BlockList();
      const family = net.includes(':') ? 'ipv6' : 'ipv4';
      list.addSubnet(net, Number(bits), family);
      const expected = records.filter(({ remote_address: address, event_time: time }) => {
        const isOf = (address.includes(':') ? 'ipv6' : 'ipv4') === family;
        return isOf && list.check(address, family) && time >= BASE_US + from && time < BASE_US + to;
      }).length;
      const range = { gte: timeOf(BASE_US + from), lt: timeOf(BASE_US + to) };
      const query = {
        bool: { filter: [{ term: { 'source.ip': `${net}/${bits}` } }, { range: { '@timestamp': range } }] },
      };
      expect([net, bits, await client.count(query)]).toEqual([net, bits, expected]);
      expect(expected).toBeGreaterThan(0);
    }
  });

  test('is asked as the README asks', async () => {
    const [, path = '', query = ''] = /9200\/(\S+)\/_search -d '([^']+)'/.exec(README) ?? [];
    const nets = ['192.0.2.0', '192.0.2.255', '192.0.3.0', '2001:db8::1', '2001:db9::1', '::ffff:192.0.2.9'];
    const hour = Date.UTC(2026, 8, 21, 14) * 1000;
    const times = [hour - 1, hour, hour + 3_600_000_000 - 1, hour + 3_600_000_000];
    const records = times.flatMap((event_time, at) =>
      nets.map((remote_address, of) => acceptOf({ cpu: at, sequence: of + 1, event_time, remote_address })),
    );
    await index(await documents(records));
    const { hits } = JSON.parse(await client.text('POST', `${path}/_search`, query));
    expect(hits.total.value).toBe(2 * 4);
  });

  describeUnless(rsyslog.reason, 'and rsyslog', () => {
    /** rsyslog with our configuration, which reads that file of the place. */
    function start(place: Place): Peer {
      const replacements = {
        '/var/log/acceptstream/accepts.json': join(place.folder, 'accepts.json'),
        '/var/spool/rsyslog': place.folder,
        'serverport="9200"': `serverport="${new URL(opensearch.url).port}"`,
      };
      return new Peer(RSYSLOG, place.config('opensearch/rsyslog.conf', replacements), place);
    }

    async function indexed(count: number, peer: Peer): Promise<void> {
      const ready = async () => (await client.refreshed()) >= count;
      await until(() => `${count} documents: ${peer.said}`, ready, START_MS);
    }

    test('keep every record once, as it is, while either is started again', { timeout: 3 * START_MS }, async () => {
      const place = new Place();
      const file = join(place.folder, 'accepts.json');
      const records = Array.from({ length: 1495 }, (_, at) => acceptOf({ sequence: at + 1 }));
      const lines = [...(await documents(ODD.map((record) => ({ ...record, cpu: 2 })))), ...(await documents(records))];
      const third = lines.length / 3;
      writeFileSync(file, linesIn(lines.slice(0, third)));
      const first = start(place);
      await indexed(1, first);
      await first.stop();
      const second = start(place);
      await indexed(third, second);
      await opensearch.server.kill();
      // A torn line is no record.
      appendFileSync(file, `${lines[0]?.slice(0, 100)}\n${linesIn(lines.slice(third, 2 * third))}`);
      await until(
        () => second.said,
        () => second.said.includes('server failure'),
        START_MS,
      );
      await opensearch.server.start();
      appendFileSync(file, linesIn(lines.slice(2 * third)));
      await indexed(lines.length, second);
      await second.stop();
      expect((await client.sources()).sort()).toEqual([...lines].sort());
    });
  });

  describeUnless(liveReason(), 'and a capture', () => {
    test.each([4, 6] as const)('have every accept of IPv%i, the same', { timeout: START_MS }, async (family) => {
      const count = 5000;
      const place = new Place();
      const burst = await Burst.start({ count, family });
      onTestFinished(() => burst.kill());
      place.captureOf(['-p', `${burst.pid}`]);
      const capture = spawn(join(place.folder, 'acceptstream'), ['--format', 'ecs'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const sent = bulk(capture.stdout, opensearch.url);
      await place.captures();
      await burst.run();
      for (const pid of programsWith(`${burst.pid}`)) process.kill(pid, 'SIGTERM');
      expect(await sent).toEqual({ status: 0, said: '' });
      await client.refresh();
      const printed = place.printed;
      expect(printed).toHaveLength(count);
      expect((await client.sources()).sort()).toEqual([...printed].sort());
      expect(await client.count({ term: { 'source.ip': family === 4 ? '127.0.0.0/8' : '::1' } })).toBe(count);
      const times = printed.map((line) => JSON.parse(line)['@timestamp'] as string).sort();
      const [gte = '', lte = ''] = [times[1000], times[4000]];
      const expected = times.filter((time) => time >= gte && time <= lte).length;
      expect(await client.count({ range: { '@timestamp': { gte, lte } } })).toBe(expected);
      expect(await client.count({ range: { '@timestamp': { gt: gte, lt: lte } } })).toBeLessThan(expected);
    });
  });
});

/** As @timestamp has it. */
function timeOf(micros: number): string {
  const second = new Date(Math.floor(micros / 1e6) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}
