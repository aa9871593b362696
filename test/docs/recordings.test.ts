import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { TextFormat } from '../../filter-core/index.js';
import { containerOf, folderOf, textOf } from '../source-plugin/container/read-support.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { MAIN } from '../support/program.js';
import { RECORDING_COMMANDS } from './recording-commands.js';

const at = (time: string) => new Date(time).getTime() * 1000;
const BEFORE = acceptOf({ event_time: at('2026-11-22T16:00') - 1, local_port: 8080 });
const FIRST = acceptOf({ event_time: at('2026-11-22T16:00'), local_port: 8443 });
const LAST = acceptOf({ event_time: at('2026-11-22T17:00') - 1, local_port: 22 });
const AFTER = acceptOf({ event_time: at('2026-11-22T17:00'), local_port: 8080 });
const ALL = [BEFORE, FIRST, LAST, AFTER];

/** The command with this build as acceptstream, and a far host that is this one. */
async function run(command: string) {
  const folder = folderOf({ 'accepts.avro': await containerOf(ALL) });
  const functions = `acceptstream() { "${process.execPath}" "${MAIN}" "$@"; }; ssh() { shift; "$@"; }; `;
  const script = functions + command.replace('/var/log/accepts', folder);
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'latin1' });
  return { status, stdout, stderr };
}

describe('commands of the pages print', () => {
  test.each<[string, TextFormat, object[]]>([
    [RECORDING_COMMANDS.filter, 'wide', [BEFORE, FIRST, AFTER]],
    [RECORDING_COMMANDS.times, 'tcpaccept', [FIRST, LAST]],
    [RECORDING_COMMANDS.stdin, 'ecs', ALL],
  ])('%s', async (command, format, records) => {
    const { status, stdout, stderr } = await run(command);
    const rows = format === 'ecs' ? stdout : stdout.slice(stdout.indexOf('\n') + 1);
    expect({ status, rows, stderr }).toEqual({ status: 0, rows: await textOf(records, { format }), stderr: '' });
  });
});
