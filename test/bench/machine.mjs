// Where and on what a run took place.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, version as kernelVersion, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function commit() {
  try {
    // The clone may be another user's than root's.
    const git = ['-c', `safe.directory=${ROOT.replace(/\/$/, '')}`, 'describe', '--always', '--dirty'];
    return execFileSync('git', git, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return '';
  }
}

/** Version of the package, with the commit in a clone. */
export function version() {
  const { version: number } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
  const revision = commit();
  return revision ? `${number} (${revision})` : number;
}

function distribution() {
  const release = readFileSync('/etc/os-release', 'utf8');
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(release)?.[1] ?? 'unknown';
}

function governor() {
  const hypervisor = /^flags\s*:.* hypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  return hypervisor ? ', virtual machine' : '';
}

/** Names and values for people; the load tells how quiet the machine was. */
export function describeMachine() {
  const [{ model }] = cpus();
  return {
    CPU: `${cpus().length} × ${model.trim()} (${process.arch}${governor()})`,
    memory: `${(totalmem() / 1e9).toFixed(1)} GB`,
    kernel: `${release()} (${kernelVersion()})`,
    distribution: distribution(),
    Node: process.version,
    'load before the run': loadavg()
      .slice(0, 2)
      .map((load) => load.toFixed(2))
      .join(', '),
  };
}

/** CPU time of the whole machine so far, in ticks: all, and what the hypervisor gave to others. */
export function cpuTicks() {
  const ticks = /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1].split(' ').map(Number) ?? [];
  return { all: ticks.slice(0, 8).reduce((sum, one) => sum + one, 0), stolen: ticks[7] ?? 0 };
}
