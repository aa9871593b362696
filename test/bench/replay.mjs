// Recordings through the command that reads them, beside avsc's own decoder of containers.
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { loadCore } from '../../dist/filter-core/index.js';
import { MAIN } from './agent.mjs';
import { record } from './recording.mjs';
import { FILTER, fill } from './records.mjs';
import { child, outputPath, storedPath } from './scratch.mjs';

const ROUNDS = 5;
const UNIT = 'million records per CPU-second';
const NEEDED_BYTES = 2e9;
const USAGE = fileURLToPath(new URL('usage.mjs', import.meta.url));
const AVSC = fileURLToPath(new URL('replay-avsc.mjs', import.meta.url));

/** `bytes` of records, before compression. */
const RECORDINGS = {
  large: { bytes: 1e9, compression: 'none' },
  deflated: { bytes: 2.5e8, compression: 'deflate' },
  small: { bytes: 1e8, compression: 'none' },
};

async function makeRecordings(progress) {
  const core = await loadCore({ format: 'avro', filter: FILTER });
  const { bytes, records } = fill(core.input);
  const made = {};
  for (const [name, { bytes: all, compression }] of Object.entries(RECORDINGS)) {
    progress(`writes ${all / 1e6} MB`);
    const batches = Math.ceil(all / bytes);
    const path = await record(storedPath(name), { core, bytes }, compression, batches);
    made[name] = { path, records: records * batches };
  }
  return made;
}

/** Runs a program that prints the rows of a recording to `output`; resolves with what it took. */
async function run(argv, { path, records }, output) {
  const rows = openSync(output, 'w');
  const started = child([process.execPath, '--import', USAGE, ...argv, path], {
    stdio: ['ignore', rows, 'inherit', 'pipe'],
  });
  closeSync(rows);
  const [usage, [code]] = await Promise.all([text(started.stdio[3]), once(started, 'close')]);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}`);
  const { cpuUs, peakMb } = JSON.parse(usage);
  return { speed: records / cpuUs, peakMb };
}

const ours = (recording) => run([MAIN, 'read'], recording, outputPath('replayed'));
const throughAvsc = (recording) => run([AVSC], recording, outputPath('replayed-avsc'));

async function takeRound({ large, deflated, small }) {
  return {
    large: await ours(large),
    deflated: await ours(deflated),
    avsc: await throughAvsc(small),
    small: await ours(small),
  };
}

function checkSame() {
  const [one, other] = ['replayed', 'replayed-avsc'].map((name) => readFileSync(outputPath(name)));
  if (!one.equals(other)) throw new Error('the command and avsc print different rows');
}

function measuresOf(rounds) {
  const values = (pick) => rounds.map(pick);
  return [
    { name: 'text of 1 GB', unit: UNIT, values: values(({ large }) => large.speed), atLeast: { must: 1 } },
    { name: 'text of 250 MB, deflate', unit: UNIT, values: values(({ deflated }) => deflated.speed) },
    { name: 'text of 100 MB', unit: UNIT, values: values(({ small }) => small.speed) },
    { name: 'avsc and plain JavaScript: text of 100 MB', unit: UNIT, values: values(({ avsc }) => avsc.speed) },
    {
      name: 'the command to avsc, 100 MB',
      unit: 'times',
      values: values(({ small, avsc }) => small.speed / avsc.speed),
    },
    { name: 'peak memory, 100 MB', unit: 'MB', values: values(({ small }) => small.peakMb) },
    { name: 'peak memory, 1 GB', unit: 'MB', values: values(({ large }) => large.peakMb) },
    { name: 'peak memory, deflate', unit: 'MB', values: values(({ deflated }) => deflated.peakMb) },
    {
      name: 'peak memory, 1 GB to 100 MB',
      unit: 'times',
      values: values(({ large, small }) => large.peakMb / small.peakMb),
      atMost: { must: 1.25 },
    },
  ];
}

/** @returns {Promise<{name: string, unit?: string, values?: number[], skipped?: string}[]>} One value per round. */
export async function benchReplay(progress) {
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize < NEEDED_BYTES) {
    const free = Math.floor((bavail * bsize) / 1e6);
    return [{ name: 'text of 1 GB', skipped: `${tmpdir()} has ${free} MB free of ${NEEDED_BYTES / 1e6}` }];
  }
  const rounds = [];
  try {
    const recordings = await makeRecordings(progress);
    for (let round = 0; round <= ROUNDS; round += 1) {
      progress(`round ${round} of ${ROUNDS}`);
      rounds.push(await takeRound(recordings));
      if (round === 0) checkSame();
    }
  } finally {
    for (const name of Object.keys(RECORDINGS)) rmSync(storedPath(name), { recursive: true, force: true });
  }
  // The first one reads the files into the cache.
  return measuresOf(rounds.slice(1));
}
