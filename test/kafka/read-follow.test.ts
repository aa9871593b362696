import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { Fifo } from '../support/fifo.js';
import { kafkaReason, type Shared, sharedKafka, startKafka } from '../support/kafka.js';
import { MAIN, type Program } from '../support/program.js';
import { describeUnless } from '../support/reasons.js';
import { HEADER } from '../support/reference.js';
import { until } from '../support/until.js';
import { numbered, Topic, Writer } from './read-support.js';

const START_MS = 120_000;

describeUnless(kafkaReason(), 'acceptstream read', () => {
  let kafka: Shared;
  let writer: Writer;
  const opened: Topic[] = [];
  beforeAll(async () => {
    kafka = await sharedKafka();
    writer = await Writer.register(kafka);
  }, START_MS);
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((topic) => topic.close()));
  });

  const records = numbered(6000);
  const create = async (of: Shared = kafka) => {
    const topic = await Topic.create(of);
    opened.push(topic);
    return topic;
  };
  const send = (topic: Topic, from: number, to: number) =>
    topic.sendAll(records.slice(from, to).map((record) => writer.value(record)));
  const printed = (program: Program, count: number) =>
    program.until(`${count} rows`, (text) => text.split('\n').length === count + 2);
  const rows = async (from: number, to: number) => `${HEADER}\n${await writer.text(records.slice(from, to))}`;

  it('--follow goes on until a signal ends it', async () => {
    const topic = await create();
    await send(topic, 0, 10);
    const program = topic.start(['--follow']);
    await printed(program, 10);
    await send(topic, 10, 20);
    await printed(program, 20);
    await send(topic, 20, 21);
    await printed(program, 21);
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(program.stdoutBytes.toString('latin1')).toBe(await rows(0, 21));
    expect(program.stderr).toBe('');
  });

  it('--follow ends when nobody reads it any more', async () => {
    const topic = await create();
    const program = topic.start(['--follow']);
    await printed(program, 0);
    program.closeStdout();
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe('');
  });

  it('ends quietly when its reader leaves in the middle', async () => {
    const topic = await create();
    await send(topic, 0, 6000);
    const program = topic.start();
    await program.until('rows', (text) => text.length > 1000);
    program.closeStdout();
    expect(await program.exit).toEqual({ code: 0, signal: null });
    expect(program.stderr).toBe('');
  });

  it('ends where the topic ended at the start, however slowly it is read', async () => {
    const topic = await create();
    await send(topic, 0, 3000);
    const fifo = new Fifo();
    const program = topic.start([], { stdout: fifo.writer });
    fifo.closeWriter();
    try {
      // 3000 rows are more than a pipe takes.
      await until('the write that blocks', () => program.systemCalls().some((call) => call.startsWith('1 0x1 ')));
      await send(topic, 3000, 6000);
      await until('the end', () => {
        fifo.read();
        return program.hasExited;
      });
      expect(await program.exit).toEqual({ code: 0, signal: null });
      expect(fifo.read()).toBe(await rows(0, 3000));
    } finally {
      fifo.remove();
    }
  });

  it('a second signal ends it while its output is stuck', async () => {
    const topic = await create();
    await send(topic, 0, 6000);
    const fifo = new Fifo();
    const program = topic.start([], { stdout: fifo.writer });
    fifo.closeWriter();
    try {
      await until('the write that blocks', () => program.systemCalls().some((call) => call.startsWith('1 0x1 ')));
      program.signal('SIGINT');
      program.signal('SIGTERM');
      // Threads take them: either may come first.
      expect(await program.exit).toEqual({ code: null, signal: expect.stringMatching(/^SIG(INT|TERM)$/) });
    } finally {
      fifo.remove();
    }
  });

  it('shows its progress on a terminal, and only there', async () => {
    const topic = await create();
    await send(topic, 0, 6000);
    const command = [process.execPath, MAIN, ...topic.args()].map((word) => `'${word}'`).join(' ');
    const terminal = spawn('script', ['-qec', `${command} > /dev/null`, '/dev/null']);
    let text = '';
    terminal.stdout.on('data', (bytes) => {
      text += String(bytes);
    });
    const [code] = await once(terminal, 'close');
    expect(text.split('\r\x1b[K').at(-1)).toMatch(/^6,000 records, 100 %, [\d,]+\/s\r?\n$/);
    expect(code).toBe(0);
  });

  it(
    '--follow goes on after a broker was killed and started again, without a gap or a double',
    async () => {
      const own = await startKafka();
      try {
        const topic = await create({ ...kafka, ...own });
        await send(topic, 0, 1000);
        const program = topic.start(['--follow']);
        await printed(program, 1000);
        await own.nodes[0]?.kill();
        await until('a notice', () => program.stderr.includes('trying again'));
        await own.nodes[0]?.restart();
        await send(topic, 1000, 2000);
        await until('the rest', () => program.rows.length >= 2000, 60_000);
        await program.stop();
        expect(program.stdoutBytes.toString('latin1')).toBe(await rows(0, 2000));
        expect(program.stderr).toMatch(/went on after/);
      } finally {
        await Promise.all(opened.splice(0).map((topic) => topic.close().catch(() => {})));
        await own.stop();
      }
    },
    START_MS,
  );
});
