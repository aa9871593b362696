import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../structure/source-files.js';

const GOLDEN = readFileSync(join(ROOT, 'test/fixtures/formats/json.txt'), 'utf8').split('\n').slice(0, -1);

/** Records that the format's golden has, and one whose cgroup has a number of 63 bits and a name with all JSON escapes. */
export const ODD_LINES: readonly string[] = [
  ...GOLDEN,
  (GOLDEN[0] ?? '')
    .replace(/"cgroup_id":\d+/, `"cgroup_id":${2n ** 63n - 2n}`)
    .replace(/"cgroup":"[^"]*"/, String.raw`"cgroup":"a\"b\\c\u0001\n\t/é\u2028 {}[]:,"`),
];

const [, second = '', micros = ''] = /"event_time":"([^"]*)\.(\d{6})Z"/.exec(GOLDEN[0] ?? '') ?? [];
/** Of the first of them. */
export const TIME = { seconds: Date.parse(`${second}Z`) / 1000, micros: Number(micros), text: `${second}.${micros}Z` };
