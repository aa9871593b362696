// What the kernel counts of a hook's programs.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Hook } from '../../../source-plugin/index.js';
import { Observer } from '../../support/observer.js';
import { Burst } from '../../workload/burst.js';

const ACCEPTS = 400;
const MEASURING = '/proc/sys/kernel/bpf_stats_enabled';

/** Nanoseconds that the programs of this process ran: the kernel tells them beside their descriptors. */
function runTimeNs(): number {
  const folder = '/proc/self/fdinfo';
  const texts = readdirSync(folder).map((fd) => {
    try {
      return readFileSync(`${folder}/${fd}`, 'utf8');
    } catch {
      return '';
    }
  });
  // Several descriptors may stand for one program, and links name theirs without its time.
  const found = texts
    .map((text) => /^prog_id:\s*(\d+)$(?:.|\n)*^run_time_ns:\s*(\d+)$/m.exec(text))
    .filter((one) => one !== null);
  const programs = new Map(found.map(([, id, time]) => [id, Number(time)]));
  return [...programs.values()].reduce((sum, time) => sum + time, 0);
}

/** Nanoseconds of kernel program per accept on a hook; all of it for a hook that other system calls run too. */
export async function programNs(hook: Hook): Promise<number | undefined> {
  const observer = new Observer({ hook });
  const burst = await Burst.start({ count: ACCEPTS });
  try {
    writeFileSync(MEASURING, '1');
    const before = runTimeNs();
    await burst.run();
    const ran = runTimeNs() - before;
    return ran > 0 ? Math.round(ran / ACCEPTS) : undefined;
  } finally {
    writeFileSync(MEASURING, '0');
    observer.close();
  }
}
