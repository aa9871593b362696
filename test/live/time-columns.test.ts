import { expect, test } from 'vitest';
import { Program } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { columnsOf, HEADER, row } from '../support/reference.js';
import { Workload } from '../workload/workload.js';

interface Run {
  readonly header: string;
  readonly rows: readonly string[];
  readonly accepts: Awaited<ReturnType<Workload['run']>>['accepts'];
}

/** Two connections, the second accepted later, seen by the command with these options. */
async function run(options: readonly string[], zone: string): Promise<Run> {
  const [first, second] = [await Workload.start({}), await Workload.start({ delay_ms: 150 })];
  const args = [...options, '-P', `${first.ready.port},${second.ready.port}`];
  const program = await Program.live(args, { env: { TZ: zone } });
  const accepts = [...(await first.run()).accepts, ...(await second.run()).accepts];
  await program.until('two rows', (text) => text.split('\n').length > 3);
  await program.stop();
  const [header = '', ...rows] = program.stdout.split('\n').slice(0, -1);
  return { header, rows, accepts };
}

function clock(us: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(us / 1000);
}

/** The local times that the wall clock had during an accept. */
function clocks(accept: { wall_before_us: number; wall_after_us: number }, zone: string): string[] {
  return [clock(accept.wall_before_us, zone), clock(accept.wall_after_us, zone)];
}

describeUnless(liveReason(), 'time columns', () => {
  test.for(['America/New_York', 'Asia/Kolkata', 'UTC'])('-T is the local time of the accept in %s', async (zone) => {
    const { header, rows, accepts } = await run(['-T'], zone);
    expect(header).toBe(`TIME     ${HEADER}`);
    expect(rows.map((text) => text.slice(9))).toEqual(accepts.map((accept) => row(columnsOf(accept))));
    for (const [index, accept] of accepts.entries()) {
      expect(clocks(accept, zone).map((text) => `${text} `)).toContain(rows[index]?.slice(0, 9));
    }
  });

  test('-t counts from the first row', async () => {
    const { header, rows, accepts } = await run(['-t'], 'UTC');
    expect(header).toBe(`TIME(s)  ${HEADER}`);
    expect(rows.map((text) => text.slice(9))).toEqual(accepts.map((accept) => row(columnsOf(accept))));
    expect(rows[0]?.slice(0, 9)).toBe('0.000    ');
    const [first, second] = accepts as [Run['accepts'][0], Run['accepts'][0]];
    const seconds = Number(rows[1]?.slice(0, 9));
    expect(seconds).toBeGreaterThanOrEqual((second.before_us - first.after_us) / 1e6 - 0.0005);
    expect(seconds).toBeLessThanOrEqual((second.after_us - first.before_us) / 1e6 + 0.0005);
    expect(rows[1]?.slice(0, 9)).toMatch(/^\d\.\d{3} {4}$/);
  });

  test('-tT has the time of day first', async () => {
    const { header, rows, accepts } = await run(['-tT'], 'Europe/Berlin');
    expect(header).toBe(`TIME     TIME(s)  ${HEADER}`);
    expect(rows.map((text) => text.slice(18))).toEqual(accepts.map((accept) => row(columnsOf(accept))));
    expect(rows[0]).toMatch(/^\d\d:\d\d:\d\d 0\.000 {4}/);
  });
});
