import { existsSync, readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { CGROUP, NETNS } from '../filter-core/conditions.js';
import { AcceptstreamError, oneLine, reasonOf } from '../schemas/error.js';
import { log } from './log.js';

/** Inode of the namespace of cgroups that shows them all (include/linux/proc_ns.h, PROC_CGROUP_INIT_INO). */
const INITIAL_CGROUPS = 'cgroup:[4026531835]';
/** File system of namespaces (include/uapi/linux/magic.h, NSFS_MAGIC). */
const NSFS = 0x6e736673;

function refuse(operation: string, message: string, cause?: unknown): never {
  throw new AcceptstreamError('USAGE', operation, oneLine(message), cause);
}

/** Where the version 2 hierarchy is mounted from its root on; several when it is so more than once. */
function cgroupMounts(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [, , , root, mount = ''] = line.split(' ');
    const unescaped = mount.replace(/\\([0-7]{3})/g, (_all, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return root === '/' && line.includes(' - cgroup2 ') ? [unescaped] : [];
  });
}

/** The path below a mount; undefined for one that is not there. */
function below(mount: string, path: string): string | undefined {
  return path === mount || path.startsWith(`${mount}/`) ? path.slice(mount.length) || '/' : undefined;
}

// In a namespace of its own a process sees cgroups below another root than the kernel's.
function seesAllCgroups(): boolean {
  return readlinkSync('/proc/self/ns/cgroup') === INITIAL_CGROUPS;
}

/**
 * A cgroup's path from the root of the version 2 hierarchy, as filters and records have it, of such a path or one that
 * begins with where the hierarchy is mounted. It need not be there.
 *
 * @throws AcceptstreamError USAGE with what to do about it.
 */
export function cgroupPath(text: string): string {
  const given = text.replace(/\/+/g, '/').replace(/(?<=.)\/$/, '');
  const mounts = cgroupMounts();
  const isWhole = seesAllCgroups();
  const [inMount] = mounts.flatMap((mount) => below(mount, given) ?? []);
  if (inMount !== undefined && !isWhole)
    refuse(
      'cgroup',
      `${text} is no whole path in a namespace of cgroups: give it from the root of the host's hierarchy`,
    );
  const path = inMount ?? given;
  if (!CGROUP.fits(path)) refuse('cgroup', `${JSON.stringify(text)} is no cgroup: ${CGROUP.many} are ${CGROUP.are}`);
  return path;
}

/** Warns of those of these cgroups that are not there, where this process can see that: a name may be a wrong one. */
export function warnOfAbsent(cgroups: readonly string[] = []): void {
  const [mount] = cgroupMounts();
  if (mount === undefined || !seesAllCgroups()) return;
  // The slash leaves out files.
  for (const path of cgroups.filter((one) => !existsSync(`${mount}${one}/`)))
    log.warn(oneLine(`there is no cgroup ${path} in ${mount} yet: its accepts are captured as soon as there is one`));
}

/**
 * The inode number of a network namespace, of that number in decimal or the path of a file that stands for it, as
 * /run/netns/NAME and /proc/PID/ns/net.
 *
 * @throws AcceptstreamError USAGE with what to do about it.
 */
export function netnsInode(text: string): number {
  const inode = /^[0-9]+$/.test(text) ? Number(text) : inodeAt(text);
  if (inode !== undefined && NETNS.fits(inode)) return inode;
  return refuse(
    'netns',
    `${JSON.stringify(text)} is no network namespace: ${NETNS.many} are ${NETNS.are} or paths of them`,
  );
}

function inodeAt(path: string): number | undefined {
  if (!path.startsWith('/')) return undefined;
  try {
    const isOther = /^(?!net:)\w+:\[/.test(linkText(path));
    return statfsSync(path).type === NSFS && !isOther ? statSync(path).ino : undefined;
  } catch (cause) {
    return refuse('netns', `cannot find network namespace ${path}: ${reasonOf(cause)}; ip netns lists names`, cause);
  }
}

// What a link of procfs is named says which kind of namespace it is.
function linkText(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
