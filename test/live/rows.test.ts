import { expect, test } from 'vitest';
import { Program } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { columnsOf, HEADER, row } from '../support/reference.js';
import { type Outcome, runWorkload, type Scenario, Workload } from '../workload/workload.js';

const bytes = (text: string) => Buffer.from(text, 'latin1');

const SCENARIOS: readonly Scenario[] = [
  { comm: bytes('plain') },
  { comm: bytes('fifteen-chars-1'), from: '127.0.0.200' },
  { comm: bytes(''), listen: '::1' },
  { comm: bytes('two words'), listen: '::', connect: '127.0.0.1' },
  { comm: bytes('process'), thread: bytes('thread'), count: 3 },
  { comm: bytes('reset'), before: 'reset' },
  { comm: bytes('mptcp'), mptcp_listener: 1, mptcp_client: 1 },
  { comm: bytes('100%s%d\\n'), unshare: 'net', port: 7 },
];

/** Names that are no plain text, and the 12 columns they have to be. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ['nl\nx', 'nl?x        '],
  ['e\x1b[31mred', 'e?[31mred   '],
  ['cr\rx\x07\x7f', 'cr?x??      '],
  ['tab\tx', 'tab?x       '],
  ['bad\xff\xfeutf', 'bad??utf    '],
  ['csi\xc2\x9b31m', 'csi?31m     '],
  ['caf\xc3\xa9-srv', 'caf\xc3\xa9-srv   '],
  ['abcdefghijk\xc3\xa9z', 'abcdefghijk?'],
  ['abcdefghij\xe2\x82\xacz', 'abcdefghij? '],
  ['\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac', '\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac'],
  ['\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff', '????????????'],
  ['\xed\xa0\x80\xc0\xafx', '?????x      '],
];

describeUnless(liveReason(), 'rows of real accepts', () => {
  test('are byte for byte what the reference makes of them', async () => {
    const program = await Program.live([]);
    const outcomes: Outcome[] = [];
    for (const scenario of SCENARIOS) outcomes.push(await runWorkload(scenario));
    const last = await runWorkload({});
    await program.until('the last row', (text) => text.includes(`\n${last.ready.pid} `));
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    const pids = outcomes.map((outcome) => String(outcome.ready.pid));
    const rows = program.rows.filter((text) => pids.includes(text.slice(0, 7).trim()));
    expect(rows).toEqual(outcomes.flatMap((outcome) => outcome.accepts.map((accept) => row(columnsOf(accept)))));
    expect(program.stderr).toBe('');
  });

  test('a name can forge neither rows nor terminal escapes', async () => {
    const processes: Workload[] = [];
    for (const [comm] of HOSTILE) processes.push(await Workload.start({ comm: bytes(comm), listen: '127.0.0.1' }));
    const ports = processes.map((one) => one.ready.port);
    const program = await Program.live(['-P', ports.join()]);
    const expected: string[] = [];
    for (const [index, process] of processes.entries()) {
      const [accept] = (await process.run()).accepts;
      const columns = columnsOf(accept as never);
      expected.push(
        row({ ...columns, comm: bytes('@'.repeat(12)) }).replace('@'.repeat(12), HOSTILE[index]?.[1] ?? ''),
      );
    }
    await program.until('all rows', (text) => text.split('\n').length > HOSTILE.length + 1);
    await program.stop();
    expect(program.stdoutBytes.toString('latin1')).toBe(`${[HEADER, ...expected].join('\n')}\n`);
  });
});
