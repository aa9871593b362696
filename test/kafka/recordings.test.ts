import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { openFileSink } from '../../source-plugin/file/sink.js';
import { acceptOf, acceptType } from '../source-plugin/memory-source.js';
import { avroTool, kafkaReason } from '../support/kafka.js';
import { describeUnless } from '../support/reasons.js';

const START_MS = 120_000;
const runs = promisify(execFile);

describeUnless(kafkaReason(), 'recordings', () => {
  test.each(['none', 'deflate'] as const)(
    "Apache Avro's own tool reads them, compression %s",
    async (compression) => {
      const folder = mkdtempSync(join(tmpdir(), 'acceptstream-recordings-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const limits = { rotate_bytes: 2 ** 20, rotate_ms: 60_000 };
      const events = { onWarn: expect.unreachable, onNote: () => {} };
      const sink = openFileSink({ path: join(folder, 'a.avro'), compression, ...limits }, events);
      const accepts = Array.from({ length: 300 }, (_, index) => acceptOf({ sequence: index, comm: `naïve ${index}` }));
      for (const block of [accepts.slice(0, 1), accepts.slice(1, 100), accepts.slice(100)]) {
        const bytes = Buffer.concat(block.map((accept) => acceptType.toBuffer(accept)));
        await sink.write({ bytes, records: block.length });
      }
      await sink.close();
      const [name = ''] = readdirSync(folder).filter((entry) => entry.endsWith('.avro'));
      const [program = '', ...args] = await avroTool(['tojson', join(folder, name)]);
      const { stdout } = await runs(program, args, { timeout: START_MS, maxBuffer: 16 << 20 });
      expect(
        stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ).toEqual(accepts);
    },
    START_MS,
  );
});
