import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { prepareRegistry, sharedKafka, uniqueName } from '../support/kafka.js';
import { Program, runProgram } from '../support/program.js';
import { describeUnless } from '../support/reasons.js';
import { fileOf, runReason, sinkOf, untilStderr } from './run-program.js';
import { createTopic } from './topics.js';

const START_MS = 120_000;
const NOBODY_THERE = '127.0.0.1:9';

describeUnless(runReason(), 'acceptstream run without its registry', () => {
  let brokers: readonly string[];
  /** Half a minute goes by until it ends. */
  let withoutRegistry: ReturnType<typeof runProgram>;

  const avroTo = (topic: string, url: string) => sinkOf(brokers, topic, { encoding: 'avro', registry: { url } });

  beforeAll(async () => {
    ({ brokers } = await sharedKafka());
    const sinks = { siem: avroTo('never', `http://${NOBODY_THERE}`) };
    withoutRegistry = runProgram(['run', fileOf('never.yaml', { sinks })]);
  }, START_MS);

  test('a registry that is away is waited for, visibly', async () => {
    const topic = uniqueName('late');
    await createTopic(brokers, topic);
    const registry = await prepareRegistry();
    onTestFinished(() => registry.stop());
    const path = fileOf(`${topic}.yaml`, { sinks: { siem: avroTo(topic, registry.url) } });
    const program = new Program(['run', path]);
    onTestFinished(() => program.signal('SIGKILL'));
    await untilStderr(program, (text) => /siem: .* is away: .* Trying again for \d+ s/.test(text));
    await registry.server.start();
    await untilStderr(program, (text) => text.includes('schema id'));
    expect(await program.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  test('a registry that stays away fails it by name', async () => {
    const { code, stderr } = await withoutRegistry;
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^acceptstream: siem: .*127\.0\.0\.1:9.* is away: .*ECONNREFUSED.*\. Trying again for 30 s$/m,
    );
    expect(stderr).toMatch(/^acceptstream: siem: .*127\.0\.0\.1:9.* is away: .*ECONNREFUSED.*\. Tried for 30 s$/m);
  });
});
