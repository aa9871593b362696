import { expect, test } from 'vitest';
import { loadCore } from '../../../filter-core/index.js';
import type { Batch, Sink } from '../../../source-plugin/contracts.js';
import { type Outlet, Outlets } from '../../../source-plugin/run/outlets.js';
import { until } from '../../support/until.js';
import { datumOf } from '../memory-source.js';

const GRACE_MS = 50;
const batch = (...ports: readonly number[]): Batch => ({
  bytes: Buffer.concat(ports.map((remote_port) => datumOf({ remote_port }))),
  records: ports.length,
});

/** A sink whose writes wait, fail or are kept as told. */
class TestSink implements Sink {
  readonly ports: number[] = [];
  readonly calls: string[] = [];
  failure: Error | undefined;
  #stuck: { reject(error: Error): void } | undefined;
  isStuck = false;

  async write({ bytes, records }: Batch): Promise<void> {
    this.calls.push(`write ${records}`);
    if (this.failure) throw this.failure;
    if (this.isStuck) await new Promise((_resolve, reject) => (this.#stuck = { reject }));
    const lines = Buffer.from(bytes).toString().trim().split('\n');
    this.ports.push(...lines.map((line) => JSON.parse(line).remote_port as number));
  }

  async close(): Promise<void> {
    this.calls.push('close');
    this.#stuck?.reject(new Error('closed'));
  }
}

interface Made extends Outlet {
  readonly sink: TestSink;
}

async function outletOf(name: string, fields: Partial<Pick<Outlet, 'required' | 'lingerMs'>> = {}): Promise<Made> {
  const core = await loadCore({ format: 'json' });
  return { name, required: false, lingerMs: 10, ...fields, core, sink: new TestSink() };
}

async function open(...made: readonly Outlet[]): Promise<{ outlets: Outlets; failures: string[] }> {
  const failures: string[] = [];
  const outlets = new Outlets((name, error) => failures.push(`${name}: ${(error as Error).message}`), GRACE_MS);
  await outlets.replace(made);
  return { outlets, failures };
}

test('every outlet gets every record', async () => {
  const [one, other] = [await outletOf('one'), await outletOf('other', { lingerMs: 30 })];
  const { outlets } = await open(one, other);
  await outlets.write(batch(1, 2));
  await outlets.write(batch(3));
  expect([one.sink.ports, other.sink.ports]).toEqual([
    [1, 2, 3],
    [1, 2, 3],
  ]);
  expect(outlets.lingerMs).toBe(30);
});

test('one that fails is closed and left out, the others go on', async () => {
  const [bad, good] = [await outletOf('bad', { lingerMs: 99 }), await outletOf('good')];
  const { outlets, failures } = await open(bad, good);
  bad.sink.failure = new Error('no permission');
  await outlets.write(batch(1));
  await outlets.write(batch(2));
  expect(failures).toEqual(['bad: no permission']);
  expect(bad.sink.calls).toEqual(['write 1', 'close']);
  expect(good.sink.ports).toEqual([1, 2]);
  expect(outlets.open).toEqual([good]);
  expect(outlets.lingerMs).toBe(10);
});

test('what one that is left out lacks is counted until another takes its place', async () => {
  const [bad, good, better] = [await outletOf('bad'), await outletOf('good'), await outletOf('bad')];
  const { outlets } = await open(bad, good);
  await outlets.write(batch(1, 2));
  expect(outlets.missing).toEqual(new Map());
  bad.sink.failure = new Error('no permission');
  await outlets.write(batch(3, 4, 5));
  await outlets.write(batch(6));
  expect(outlets.missing).toEqual(new Map([['bad', 4]]));
  expect(await outlets.replace([better, good])).toEqual(new Map([['bad', 4]]));
  await outlets.write(batch(7));
  expect(outlets.missing).toEqual(new Map());
  expect(better.sink.ports).toEqual([7]);
  expect(good.sink.ports).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('of a batch of which it had taken a part the rest is missing', async () => {
  const [bad, good] = [await outletOf('bad'), await outletOf('good')];
  const { outlets } = await open(bad, good);
  const many = batch(...Array.from({ length: 600 }, (_, port) => port));
  const write = bad.sink.write.bind(bad.sink);
  bad.sink.write = async (portion) => {
    if (bad.sink.calls.length > 0) bad.sink.failure = new Error('full');
    await write(portion);
  };
  await outlets.write(many);
  expect(good.sink.ports).toHaveLength(600);
  expect(bad.sink.ports.length).toBeGreaterThan(0);
  expect(bad.sink.ports.length).toBeLessThan(600);
  expect(outlets.missing).toEqual(new Map([['bad', 600 - bad.sink.ports.length]]));
});

test('a required one that fails ends it, whatever the others do', async () => {
  const [bad, good, worse] = [
    await outletOf('bad', { required: true }),
    await outletOf('good'),
    await outletOf('worse'),
  ];
  const { outlets, failures } = await open(worse, bad, good);
  bad.sink.failure = new Error('no permission');
  worse.sink.failure = new Error('worse');
  await expect(outlets.write(batch(1))).rejects.toThrow('no permission');
  expect(failures).toEqual([]);
});

test('the last one that fails ends it', async () => {
  const [one, other] = [await outletOf('one'), await outletOf('other')];
  const { outlets } = await open(one, other);
  one.sink.failure = new Error('first');
  await outlets.write(batch(1));
  other.sink.failure = new Error('second');
  await expect(outlets.write(batch(2))).rejects.toThrow('second');
});

test('all that fail at once end it', async () => {
  const [one, other] = [await outletOf('one'), await outletOf('other')];
  const { outlets } = await open(one, other);
  one.sink.failure = other.sink.failure = new Error('away');
  await expect(outlets.write(batch(1))).rejects.toThrow('away');
});

test('a replacement waits for the batch under way and closes only what is dropped', async () => {
  const [kept, dropped, added] = [await outletOf('kept'), await outletOf('dropped'), await outletOf('added')];
  const { outlets } = await open(kept, dropped);
  const order = [outlets.write(batch(1)), outlets.replace([kept, added]), outlets.write(batch(2))];
  await Promise.all(order);
  expect(dropped.sink.calls).toEqual(['write 1', 'close']);
  expect(kept.sink.calls).toEqual(['write 1', 'write 1']);
  expect(added.sink.calls).toEqual(['write 1']);
  expect([kept.sink.ports, added.sink.ports]).toEqual([[1, 2], [2]]);
});

test('the end waits for the batch under way', async () => {
  const one = await outletOf('one');
  const { outlets } = await open(one);
  await Promise.all([outlets.write(batch(1, 2)), outlets.close()]);
  expect(one.sink.calls).toEqual(['write 2', 'close']);
});

test('one that is stuck is replaced by its successor, which gets the batch', async () => {
  const [stuck, kept, successor] = [await outletOf('a'), await outletOf('b'), await outletOf('a')];
  const { outlets, failures } = await open(stuck, kept);
  stuck.sink.isStuck = true;
  const write = outlets.write(batch(1));
  await until('the write', () => stuck.sink.calls.includes('write 1'));
  await outlets.replace([successor, kept]);
  await write;
  await outlets.write(batch(2));
  expect([successor.sink.ports, kept.sink.ports]).toEqual([
    [1, 2],
    [1, 2],
  ]);
  expect(failures).toEqual([]);
});

test('one that is stuck and required can be dropped', async () => {
  const [stuck, kept] = [await outletOf('a', { required: true }), await outletOf('b')];
  const { outlets, failures } = await open(stuck, kept);
  stuck.sink.isStuck = true;
  const write = outlets.write(batch(1));
  await until('the write', () => stuck.sink.calls.includes('write 1'));
  await outlets.replace([kept]);
  await write;
  expect(kept.sink.ports).toEqual([1]);
  expect(failures).toEqual([]);
});

test('a stuck one that stays is waited for when another is replaced', async () => {
  const [stuck, dropped] = [await outletOf('a'), await outletOf('b')];
  const { outlets } = await open(stuck, dropped);
  stuck.sink.isStuck = true;
  void outlets.write(batch(1)).catch(() => {});
  await until('the write', () => stuck.sink.calls.includes('write 1'));
  const replaced = outlets.replace([stuck]);
  const waiting = new Promise((resolve) => setTimeout(resolve, 6 * GRACE_MS, 'waiting'));
  expect(await Promise.race([replaced, waiting])).toBe('waiting');
  expect(stuck.sink.calls).toEqual(['write 1']);
  outlets.hurry();
  await replaced;
});

test('in a hurry a write that is stuck is rejected, after a while', async () => {
  const stuck = await outletOf('a');
  const { outlets } = await open(stuck);
  stuck.sink.isStuck = true;
  const start = performance.now();
  const write = outlets.write(batch(1));
  outlets.hurry();
  await expect(write).rejects.toThrow('closed');
  expect(performance.now() - start).toBeGreaterThanOrEqual(GRACE_MS);
});

test('headers are printed once, when an outlet is taken into use', async () => {
  const core = await loadCore({ format: 'tcpaccept' });
  const written: string[] = [];
  const sink: Sink = {
    write: async ({ bytes }) => void written.push(Buffer.from(bytes).toString()),
    close: async () => {},
  };
  const outlet: Outlet = { name: 's', required: false, lingerMs: 10, core, sink };
  const { outlets } = await open(outlet);
  await outlets.replace([outlet]);
  expect(written).toEqual([expect.stringMatching(/^PID {5}COMM .*LPORT\n$/)]);
});
