import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCapture } from '../../pipelines/flink/capture.mjs';
import { sqlOf, startLocal } from '../../pipelines/flink/local.mjs';
import { follow, openShipper } from '../../pipelines/flink/topics.mjs';
import { request, startServer } from '../../pipelines/flink/traffic.mjs';
import { missingPrograms } from '../../pipelines/kafka-local/java.mjs';
import { countOf, readTopic } from '../kafka/topics.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { until } from '../support/until.js';
import { ACCEPTS, ANSWERS, HOSTS, type Line, OVER_MS, STEPS } from './flink-inputs.js';
import { endingAt, type Local, runJob, sendAccepts, sendLines, untilWatermarks } from './flink-local.js';

const START_MS = 180_000;
const JOBS = Object.keys(ANSWERS) as (keyof typeof ANSWERS)[];
const REQUESTS = 200;
const START = fileURLToPath(new URL('../../pipelines/flink/start.mjs', import.meta.url));

type Step = (typeof STEPS)[number];
type Row = Readonly<Record<string, unknown>>;

const reason = missingPrograms('Flink');

describeUnless(reason, 'jobs of Flink SQL', () => {
  let local: Local;

  beforeAll(async () => {
    local = await startLocal();
  }, START_MS);

  afterAll(() => local?.stop());

  const rowsOf = async (job: string): Promise<Row[]> =>
    (await readTopic(local.kafka.brokers, job)).map(({ value }) => JSON.parse(value) as Row);

  describe('on inputs whose answers are known', () => {
    beforeAll(async () => {
      const partitionsOf = (kind: 'requests' | 'flows') =>
        STEPS.flatMap((step) => step[kind]).map((line: Line) => line.partition);
      const settings = [
        // An INSERT then resolves when the job has come to the ends of its inputs.
        "SET 'table.dml-sync' = 'true';",
        endingAt(
          'accepts',
          ACCEPTS.map(({ host }) => HOSTS.indexOf(host)),
        ),
        endingAt('http_requests', partitionsOf('requests')),
        endingAt('flows', partitionsOf('flows')),
      ];
      const ended = Promise.all(JOBS.map((job) => runJob(local, job, settings)));
      const send = async (step: Step) => {
        await sendAccepts(local, step.accepts);
        await sendLines(local, 'http-access', step.requests);
        await sendLines(local, 'suricata-eve', step.flows);
      };
      const [inTime, clock, late, ends] = STEPS as [Step, Step, Step, Step];
      const rows = (job: keyof typeof ANSWERS, count: number) =>
        until(`${count} rows of ${job}`, async () => (await countOf(local.kafka.brokers, job)) >= count, START_MS);
      const working = async () => {
        await send(inTime);
        await rows('http-accepts', ANSWERS['http-accepts'].length - 1);
        await send(clock);
        // A partition of each topic has no record by now, and another one no more: neither holds anything up.
        await untilWatermarks(local, JOBS.length, OVER_MS);
        await send(late);
        await rows('flow-accepts', ANSWERS['flow-accepts'].length);
        await send(ends);
      };
      await Promise.race([working(), ended]);
      await ended;
    }, START_MS);

    test('http-accepts: each pair once', async () => {
      const rows = (await rowsOf('http-accepts')).map((row) => `${row.request_uri} ${row.event_time} ${row.remote_ip}`);
      expect(rows.sort()).toEqual(ANSWERS['http-accepts']);
    });

    test('flow-accepts: each pair once', async () => {
      const rows = (await rowsOf('flow-accepts')).map((row) => String(row.community_id));
      expect(rows.sort()).toEqual(ANSWERS['flow-accepts']);
    });

    test('new-listeners: each once', async () => {
      const rows = (await rowsOf('new-listeners')).map(
        (row) => `${row.host} ${row.host_id} ${row.local_port} ${row.exe}`,
      );
      expect(rows.sort()).toEqual(ANSWERS['new-listeners']);
    });

    test('new-networks: each once, for every way that an address is written', async () => {
      const rows = (await rowsOf('new-networks')).map((row) => `${row.host} ${row.host_id} ${row.network}`);
      expect(rows.sort()).toEqual(ANSWERS['new-networks']);
    });

    test.each(['port-scans', 'backlog-pressure'] as const)('%s: the windows in which it was', async (job) => {
      const rows = await rowsOf(job);
      const key = (row: Row) => String(row.local_port ?? row.remote_ip);
      expect(rows.sort((one, other) => (key(one) < key(other) ? -1 : 1))).toEqual(ANSWERS[job]);
    });
  });

  describeUnless(liveReason(), 'on live accepts', () => {
    test(
      `http-accepts: ${REQUESTS} requests, each with its accept once`,
      async () => {
        const { brokers } = local.kafka;
        const rows: { readonly uri: string; readonly ms: number }[] = [];
        const unfollow = await follow(brokers, 'http-accepts', (text: string) => {
          const { request_uri: uri, event_time: time } = JSON.parse(text) as {
            request_uri: string;
            event_time: number;
          };
          if (uri.startsWith('/live/')) rows.push({ uri, ms: Date.now() - time / 1000 });
        });
        const session = await local.session();
        await session.runAll(sqlOf('jobs/http-accepts.sql'));
        const stopCapture = await startCapture(local);
        const shipper = await openShipper(brokers, 'http-access');
        const server = await startServer((line: object) => shipper.add(line));
        const ask = async (number: number) => {
          await request(`${server.url}/live/${number}`);
          await until(`row of ${number}`, () => rows.some(({ uri }) => uri === `/live/${number}`), START_MS);
        };
        // One whose row is there says that all is under way.
        await ask(0);
        for (let number = 1; number < REQUESTS; number++) await request(`${server.url}/live/${number}`);
        await until(
          () => `${rows.length} rows`,
          () => rows.length >= REQUESTS,
          START_MS,
        );
        await ask(REQUESTS);
        await Promise.all([shipper.close(), stopCapture(), unfollow()]);
        server.close();
        const numbers = Array.from({ length: REQUESTS + 1 }, (_, number) => `/live/${number}`);
        expect(rows.map(({ uri }) => uri).sort()).toEqual(numbers.sort());
        const sorted = rows.map(({ ms }) => ms).sort((one, other) => one - other);
        const at = (share: number) => Math.round(sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
        console.log(`Flink: accept to joined row: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${sorted.length} rows`);
      },
      START_MS,
    );
  });
});

describeUnless(reason || liveReason(), 'npm run flink', () => {
  test(
    'prints as many rows as it is asked for, and leaves nothing behind',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'acceptstream-start-'));
      const env = { ...process.env, TMPDIR: folder };
      const child = spawn(process.execPath, [START, '--rows', '5'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (bytes) => (output.stdout += bytes));
      child.stderr.on('data', (bytes) => (output.stderr += bytes));
      expect(await once(child, 'close'), output.stderr).toEqual([0, null]);
      const rows = output.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Row);
      expect(rows.map(({ status, comm }) => `${status} ${comm}`)).toEqual(Array(5).fill('200 node'));
      expect(output.stderr).toMatch(/^5 rows, from accept to row p50 \d+ ms, p99 \d+ ms$/m);
      expect(readdirSync(folder).filter((name) => name.startsWith('acceptstream-'))).toEqual([]);
      rmSync(folder, { recursive: true });
    },
    START_MS,
  );
});
