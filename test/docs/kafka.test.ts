import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaClasses, registryJar } from '../../pipelines/kafka-local/java.mjs';
import { kafkaReason } from '../support/kafka-servers.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { HEADER } from '../support/reference.js';
import { until } from '../support/until.js';
import { runWorkload } from '../workload/workload.js';
import { KAFKA_COMMANDS } from './kafka-commands.js';
import { sampleBehind } from './markdown.js';
import { Shell, shellOf, waitFor } from './shell.js';

const START_MS = 120_000;
const PORT = 8080;
const COMM = 'docs-kafka';
const SUMMARY = 'kafka: avro to topic accepts (3 partitions, key remote_address, schema ';

const missing = ['kcat', 'curl'].filter((program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0);
const reason = liveReason() || kafkaReason() || (missing.length > 0 ? `needs ${missing.join(' and ')}` : '');

describeUnless(reason, 'the commands for Kafka', () => {
  // Their ports may be taken here: a network namespace of their own has them free.
  let namespace: ChildProcess;
  let through: string[];
  let servers: Shell;

  beforeAll(async () => {
    await Promise.all([kafkaClasses(), registryJar()]);
    namespace = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (namespace.stdout) await once(namespace.stdout, 'data');
    through = ['nsenter', `--net=/proc/${namespace.pid}/ns/net`];
    servers = new Shell(KAFKA_COMMANDS.servers, through);
    await until(
      () => servers.stderr,
      () => servers.stderr.includes('Ctrl-C') || servers.ended,
      START_MS,
    );
  }, START_MS);

  afterAll(async () => {
    await servers.interrupt();
    namespace.stdin?.end();
  });

  const output = async (command: string) => {
    const shell = shellOf(command, through);
    await until(command, () => shell.ended, START_MS);
    return { status: await shell.interrupt(), stdout: shell.stdout, stderr: shell.stderr };
  };

  test(KAFKA_COMMANDS.servers, () => {
    for (const line of sampleBehind(KAFKA_COMMANDS.servers).trimEnd().split('\n'))
      expect(servers.stderr).toContain(line);
  });

  test(KAFKA_COMMANDS.check, { timeout: START_MS }, async () => {
    const { status, stderr } = await output(KAFKA_COMMANDS.check);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: expect.stringContaining(`${SUMMARY}would be registered as accepts-value)`),
    });
    expect(stderr).toMatch(/source: live by \S+, ring of 33554432 bytes\n/);
  });

  test('an accept goes into the topic and comes out of it', { timeout: START_MS }, async () => {
    const run = shellOf(KAFKA_COMMANDS.run, through);
    await waitFor(run, 'the sink', () => run.stderr, `${SUMMARY}id `);
    const [accept] = (await runWorkload({ comm: Buffer.from(COMM), unshare: 'net', port: PORT })).accepts;
    expect(await run.interrupt(), run.stderr).toBe(0);
    const { status, stdout } = await output(KAFKA_COMMANDS.read);
    const [header, ...rows] = stdout.split('\n');
    const own = rows.filter((row) => row.includes(` ${COMM} `) && row.includes(` ${accept?.client_port} `));
    expect({ status, header, own: own.length }).toEqual({ status: 0, header: HEADER, own: 1 });

    const { stdout: records } = await output(KAFKA_COMMANDS.kcat);
    expect(records.trimEnd().split('\n')).toContainEqual(
      expect.stringMatching(/^[012] \d+ \S+ \d+ bytes content-type=application\/avro \d{13}$/),
    );
    expect((await output(KAFKA_COMMANDS.versions)).stdout).toBe('[1]');
  });
});

test('README shows the output of these commands as it looks', () => {
  expect(sampleBehind(KAFKA_COMMANDS.servers)).toMatch(/^Kafka .*\nregistry .*\n$/);
  const [header, ...rows] = sampleBehind(KAFKA_COMMANDS.read).trimEnd().split('\n');
  expect(header).toBe(HEADER);
  expect(rows.length).toBeGreaterThan(1);
});
