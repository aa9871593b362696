// What the kernel counts of a hook's programs.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Hook } from '../../../source-plugin/index.js';
import { Observer } from '../../support/observer.js';
import { Burst } from '../../workload/burst.js';

const ACCEPTS = 50;
const BURSTS = 8;
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

async function burstNs(): Promise<number> {
  const burst = await Burst.start({ count: ACCEPTS });
  const before = runTimeNs();
  await burst.run();
  return Math.round((runTimeNs() - before) / ACCEPTS);
}

/**
 * Nanoseconds of kernel program per accept on a hook; all of it for a hook that other system calls run too. Of several
 * bursts the cheapest: in the others the guest's CPU stood still. 0 where the kernel does not count.
 */
export async function programNs(hook: Hook): Promise<number> {
  const observer = new Observer({ hook });
  const bursts: number[] = [];
  try {
    writeFileSync(MEASURING, '1');
    while (bursts.length < BURSTS) bursts.push(await burstNs());
    return Math.min(...bursts);
  } finally {
    writeFileSync(MEASURING, '0');
    observer.close();
  }
}
