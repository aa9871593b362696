import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { kafkaClasses, missingPrograms } from '../../pipelines/kafka-local/java.mjs';
import { describeUnless } from '../support/reasons.js';
import { partitionOf } from './murmur2.js';

const fixture = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Lines of key (hex), partitions, partition: the output of Partitions.java. */
const JAVA = readFileSync(fixture('partitions.txt'), 'utf8');

const lines = JAVA.trimEnd().split('\n');

test('keys go where the Java client puts them', () => {
  const ours = lines.map((line) => {
    const [key = '', partitions = ''] = line.split(' ');
    return `${key} ${partitions} ${partitionOf(Buffer.from(key, 'hex'), Number(partitions))}`;
  });
  expect(lines.length).toBeGreaterThan(500);
  expect(ours).toEqual(lines);
});

function javaReason(): string {
  return missingPrograms() || (spawnSync('javac', ['--version']).status === 0 ? '' : 'needs javac');
}

describeUnless(javaReason(), 'the Java client', () => {
  test('still puts keys where the fixture says', { timeout: 120_000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'acceptstream-java-'));
    try {
      const classes = await kafkaClasses();
      execFileSync('javac', ['-cp', classes, '-d', folder, fixture('Partitions.java')]);
      const input = lines.map((line) => line.replace(/ \d+$/, '\n')).join('');
      const output = execFileSync('java', ['-cp', `${folder}:${classes}`, 'Partitions'], { input, encoding: 'utf8' });
      expect(output).toBe(JAVA);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
