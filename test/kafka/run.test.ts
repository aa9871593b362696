import { execFileSync } from 'node:child_process';
import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Accept } from '../../source-plugin/index.js';
import { acceptType } from '../source-plugin/memory-source.js';
import { prepareRegistry, type Shared, sharedKafka, uniqueName } from '../support/kafka.js';
import { lostSamples, Program, runProgram } from '../support/program.js';
import { describeUnless } from '../support/reasons.js';
import { until } from '../support/until.js';
import { Burst } from '../workload/burst.js';
import { auditOf, fileOf, readRaw, runReason, sinkOf, startRun, untilStderr } from './run-program.js';
import { countOf, createTopic, readAll } from './topics.js';

const START_MS = 120_000;
const SECONDS_MS = 15_000;
const COUNT = 2_000;
const NOBODY_THERE = '127.0.0.1:9';
const FRAME_BYTES = 5;

function kcatReason(): string {
  try {
    execFileSync('kcat', ['-V'], { stdio: 'ignore' });
    return '';
  } catch {
    return 'needs kcat';
  }
}

describeUnless(runReason(), 'acceptstream run', () => {
  let kafka: Shared;
  let brokers: readonly string[];
  /** Half a minute goes by until it ends. */
  let withoutRegistry: ReturnType<typeof runProgram>;

  beforeAll(async () => {
    kafka = await sharedKafka();
    brokers = kafka.brokers;
    const sinks = { siem: avroOf('never', { registry: { url: `http://${NOBODY_THERE}` } }) };
    withoutRegistry = runProgram(['run', fileOf('never.yaml', { sinks })]);
  }, START_MS);

  async function topicOf(name: string): Promise<string> {
    const topic = uniqueName(name);
    await createTopic(brokers, topic);
    return topic;
  }

  const avroOf = (topic: string, fields: object = {}) =>
    sinkOf(brokers, topic, { encoding: 'avro', registry: { url: kafka.registry.url }, ...fields });

  async function running(config: object, name?: string): Promise<Program> {
    const program = await startRun(config, name);
    onTestFinished(() => program.signal('SIGKILL'));
    return program;
  }

  test('stdout and Avro at once: what is in the ring at the end is delivered to both', async ({ annotate }) => {
    const topic = await topicOf('avro');
    const burst = await Burst.start({ count: COUNT, threads: 2 });
    const screen = { type: 'stdout', format: 'json' };
    const program = await running({ filter: { pid: burst.pid }, sinks: { screen, siem: avroOf(topic) } });
    program.signal('SIGSTOP');
    const { count } = await burst.run();
    program.signal('SIGTERM');
    program.signal('SIGCONT');
    expect(await program.exit).toEqual({ code: 0, signal: null });
    const records = await readRaw(brokers, topic, count);
    const accepts = records.map(({ value }) => acceptType.fromBuffer(value.subarray(FRAME_BYTES)) as Accept);
    const printed = program.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Accept);
    expect(accepts.map(({ cpu, sequence }) => `${cpu}/${sequence}`).sort()).toEqual(
      printed.map(({ cpu, sequence }) => `${cpu}/${sequence}`).sort(),
    );
    expect(records).toHaveLength(count);
    const [first] = accepts;
    const key = `${first?.host_id || first?.host}:${burst.pid}:${first?.process_start}`;
    expect(new Set(records.map((record) => `${record.partition} ${record.key} ${record.contentType}`)).size).toBe(1);
    expect(records[0]).toMatchObject({ key, timestamp: Math.floor((first?.event_time ?? 0) / 1000) });
    expect(records[0]?.value.subarray(0, FRAME_BYTES).readInt32BE(1)).toBe(
      Number(/schema id (\d+)/.exec(program.stderr)?.[1]),
    );
    if (kcatReason()) return void annotate(kcatReason());
    const format = ['-C', '-e', '-q', '-t', topic, '-o', 'beginning', '-f', '%k\n'];
    const keys = execFileSync('kcat', ['-b', brokers[0] ?? '', ...format])
      .toString()
      .trim()
      .split('\n');
    expect(keys).toEqual(Array.from({ length: count }, () => key));
  });

  test.for(['none', 'host', 'remote_address', 'local_port'] as const)('keys by %s, flat JSON', async (key) => {
    const topic = await topicOf('json');
    const burst = await Burst.start({ count: 100 });
    const program = await running({ filter: { pid: burst.pid }, sinks: { siem: sinkOf(brokers, topic, { key }) } });
    const { count } = await burst.run();
    expect(await program.stop('SIGINT')).toEqual({ code: 0, signal: null });
    const records = await readRaw(brokers, topic, count);
    for (const record of records) {
      const accept = JSON.parse(record.value.toString());
      expect(record.key).toBe(key === 'none' ? undefined : String(accept[key]));
      expect(record.contentType).toBe('application/json');
    }
    expect(records).toHaveLength(count);
  });

  test('a key that only root can read', async () => {
    const topic = await topicOf('mtls');
    const pem = (name: string) => join(kafka.certificates, name);
    const tls = { ca_file: pem('ca.pem'), cert_file: pem('client.pem'), key_file: pem('client.key') };
    expect(statSync(tls.key_file).mode & 0o077).toBe(0);
    const burst = await Burst.start({ count: 100 });
    const sinks = { siem: sinkOf(kafka.listeners.mtls, topic, { tls }) };
    const program = await running({ filter: { pid: burst.pid }, sinks });
    await burst.run();
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(await countOf(brokers, topic)).toBe(100);
  });

  const wrong: [string, (topic: string) => object, RegExp][] = [
    [
      'a wrong password',
      (topic) =>
        sinkOf(kafka.listeners.sasl, topic, { sasl: { mechanism: 'plain', username: 'u', password: 'SECRET7' } }),
      /refuses user u: check sasl\.username and its password/,
    ],
    ['no SASL', (topic) => sinkOf(kafka.listeners.sasl, topic), /expects SASL \(add sasl\)/],
    [
      'an untrusted authority',
      (topic) => sinkOf(kafka.listeners.tls, topic, { tls: {} }),
      /not trusted here: set tls\.ca_file/,
    ],
    [
      'a topic that is not there',
      () => sinkOf(brokers, 'nowhere'),
      /topic nowhere does not exist: create it, or set create_topic/,
    ],
    [
      'a schema that is not there',
      (topic) => avroOf(topic, { registry: { url: kafka.registry.url, register: false } }),
      /has no subject .*-value/,
    ],
  ];

  describe('at the start, within seconds and in one line,', () => {
    test.for(wrong)('%s fails it', async ([, sink, message]) => {
      const topic = await topicOf('wrong');
      const away = sinkOf([NOBODY_THERE], topic);
      for (const args of [['run'], ['run', '--check']]) {
        // One that waits for its broker does not hide it, and one that is connected does not keep the program.
        const sinks = { siem: sink(topic), away, fine: sinkOf(brokers, topic) };
        const path = fileOf(`${topic}.yaml`, { sinks });
        const start = performance.now();
        const { code, stdout, stderr } = await runProgram([...args, path]);
        expect(performance.now() - start).toBeLessThan(SECONDS_MS);
        expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
        const lines = stderr
          .trim()
          .split('\n')
          // A check says of every sink what is wrong with it.
          .filter(
            (line) => !/trying again|source: live|fine: json to topic|away: cannot reach|^Possibly lost/i.test(line),
          );
        expect(lines).toEqual([expect.stringMatching(message)]);
        expect(lines[0]).toMatch(/^acceptstream: siem: /);
        expect(stderr).not.toContain('SECRET7');
      }
    });
  });

  test('a signal ends the waiting for a broker; SIGHUP does not', async () => {
    const program = new Program(['run', fileOf('away.yaml', { sinks: { siem: sinkOf([NOBODY_THERE], 't') } })]);
    onTestFinished(() => program.signal('SIGKILL'));
    await untilStderr(program, (text) => text.includes('cannot reach'));
    program.signal('SIGHUP');
    await sleep(500);
    expect(program.hasExited).toBe(false);
    const start = performance.now();
    expect(await program.stop('SIGTERM')).toEqual({ code: 1, signal: null });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(program.stderr).toContain('acceptstream: stopped before every sink was connected\n');
  });

  describe('SIGHUP', () => {
    test('a changed sink takes over without a lost or doubled record; the others keep their connections', async () => {
      const [all, before, after] = [await topicOf('all'), await topicOf('before'), await topicOf('after')];
      const burst = await Burst.start({ count: 8_000, rate: 1_000, threads: 2 });
      const configOf = (topic: string) => ({
        filter: { pid: burst.pid },
        sinks: { all: sinkOf(brokers, all), some: sinkOf(brokers, topic) },
      });
      const name = `${all}.yaml`;
      const program = await running(configOf(before), name);
      const made = burst.run();
      await until('records', async () => (await countOf(brokers, before)) > 0);
      fileOf(name, configOf(after));
      program.signal('SIGHUP');
      await untilStderr(program, (text) => text.includes(`${name} reloaded`));
      const { count } = await made;
      expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      const whole = { delivered: count, doubled: 0, reordered: 0, unexplained: 0, lost: 0 };
      expect(auditOf(await readAll(brokers, all, count))).toEqual(whole);
      const [first, second] = [await readAll(brokers, before, 1), await readAll(brokers, after, 1)];
      expect(auditOf([...first, ...second])).toMatchObject({ ...whole, reordered: 0 });
      expect(Math.min(first.length, second.length)).toBeGreaterThan(0);
      expect(program.stderr.match(/all: json to topic/g)).toHaveLength(1);
      expect(program.stderr.match(/some: json to topic/g)).toHaveLength(2);
      expect(lostSamples(program.stderr)).toBe(0);
    });

    test('a sink that waits for its broker holds up neither a correction nor the end', async () => {
      const [topic, other] = [await topicOf('first'), await topicOf('second')];
      const name = `${topic}.yaml`;
      const configOf = (sink: object) => ({ sinks: { siem: sink } });
      const away = configOf(sinkOf([NOBODY_THERE], topic));
      const program = await running(configOf(sinkOf(brokers, topic)), name);
      const waits = (times: number) => (text: string) => [...text.matchAll(/cannot reach/g)].length >= times;
      fileOf(name, away);
      program.signal('SIGHUP');
      await untilStderr(program, waits(1));
      fileOf(name, configOf(sinkOf(brokers, other)));
      program.signal('SIGHUP');
      await untilStderr(program, (text) => text.includes(`${name} reloaded`));
      expect(program.stderr).toContain('goes on: stopped before every sink was connected\n');
      fileOf(name, away);
      program.signal('SIGHUP');
      await untilStderr(program, waits(2));
      const start = performance.now();
      expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(performance.now() - start).toBeLessThan(5_000);
    });

    test('what can not be used changes nothing, and is said', async () => {
      const topic = await topicOf('kept');
      const burst = await Burst.start({ count: 100 });
      const config = { filter: { pid: burst.pid }, sinks: { siem: sinkOf(brokers, topic) } };
      const name = `${topic}.yaml`;
      const program = await running(config, name);
      const refusals: [object | string, RegExp][] = [
        [
          'sinks: {}\nfoo: 1\n',
          /not reloaded, .*: .*:1: sinks: must not be empty\nacceptstream: .*:2: foo: unknown key/,
        ],
        [{ ...config, filter: {} }, /not reloaded, .*: filter belongs to the kernel programs: restart to change it/],
        [{ ...config, source: { ring_bytes: 4096 } }, /not reloaded, .*: source belongs to the kernel programs/],
        [
          { ...config, sinks: { siem: sinkOf(brokers, 'nowhere') } },
          /not reloaded, .*: siem: topic nowhere does not exist/,
        ],
      ];
      for (const [content, message] of refusals) {
        fileOf(name, content);
        program.signal('SIGHUP');
        await untilStderr(program, (text) => message.test(text));
      }
      // Without its privileges the program is an ordinary user.
      chmodSync(fileOf(name, config), 0o600);
      program.signal('SIGHUP');
      await untilStderr(program, (text) => /not reloaded, .*: cannot read .*EACCES/.test(text));
      await burst.run();
      expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
      expect(auditOf(await readAll(brokers, topic, 100))).toMatchObject({ delivered: 100, doubled: 0 });
    });
  });

  test('a registry that is away is waited for, visibly', async () => {
    const topic = await topicOf('late');
    const registry = await prepareRegistry();
    onTestFinished(() => registry.stop());
    const sinks = { siem: avroOf(topic, { registry: { url: registry.url } }) };
    const program = new Program(['run', fileOf(`${topic}.yaml`, { sinks })]);
    onTestFinished(() => program.signal('SIGKILL'));
    await untilStderr(program, (text) => /siem: .* is away: .* Trying again for \d+ s/.test(text));
    await registry.server.start();
    await untilStderr(program, (text) => text.includes('schema id'));
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  test('a registry that stays away fails it by name', async () => {
    const { code, stderr } = await withoutRegistry;
    expect(code).toBe(1);
    const away = '^acceptstream: siem: .*127\\.0\\.0\\.1:9.* is away: .*ECONNREFUSED.*\\. ';
    expect(stderr).toMatch(new RegExp(`${away}Trying again for 30 s$`, 'm'));
    expect(stderr).toMatch(new RegExp(`${away}Tried for 30 s$`, 'm'));
  });
});
