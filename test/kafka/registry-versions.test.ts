import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { RegistryClient } from '../../source-plugin/registry/client.js';
import { kafkaReason, type Shared, sharedKafka, uniqueName } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';

const START_MS = 120_000;
const MEDIA_TYPE = { 'content-type': 'application/vnd.schemaregistry.v1+json' };
const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const FIRST = read('../fixtures/schemas/accept-32-fields.avsc');
const TODAY = read('../../schemas/accept.avsc');

describeUnless(kafkaReason(), 'a registry that wants both ways of compatibility', () => {
  let kafka: Shared;
  beforeAll(async () => {
    kafka = await sharedKafka();
  }, START_MS);

  const ask = async (path: string, init: RequestInit = {}): Promise<unknown> =>
    (await fetch(`${kafka.registry.url}${path}`, { headers: MEDIA_TYPE, ...init })).json();

  test.each([
    ['today over the first', FIRST, TODAY],
    ['the first over today', TODAY, FIRST],
  ])('takes %s', async (_name, before, behind) => {
    const topic = uniqueName('versions');
    const client = new RegistryClient({ subject_strategy: 'topic', register: true, url: kafka.registry.url });
    const id = await client.resolveSchemaId(topic, before);
    const body = JSON.stringify({ compatibility: 'FULL' });
    expect(JSON.stringify(await ask(`/config/${topic}-value`, { method: 'PUT', body }))).toContain('"FULL"');
    expect(await client.resolveSchemaId(topic, behind)).not.toBe(id);
    expect(await ask(`/subjects/${topic}-value/versions`)).toEqual([1, 2]);
  });
});
