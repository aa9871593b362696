// Files as the kernel unpacks them at boot: a cpio archive of format "newc" (Documentation/driver-api/early-userspace/buffer-format.rst).
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, posix } from 'node:path';

const FOLDER = 0o040755;
const LINK = 0o120777;
const FILE = 0o100000;

const padding = (length) => Buffer.alloc((4 - (length % 4)) % 4);

function entry(path, mode, body = Buffer.alloc(0)) {
  const name = Buffer.from(`${path}\0`);
  // Inode 0 for all: no entry has two names.
  const numbers = [0, mode, 0, 0, 1, 0, body.length, 0, 0, 0, 0, name.length, 0];
  const header = Buffer.from(`070701${numbers.map((number) => number.toString(16).padStart(8, '0')).join('')}`);
  return [header, name, padding(header.length + name.length), body, padding(body.length)];
}

/** Collects files at paths of the guest; folders above them come by themselves. */
export class Archive {
  #parts = [];
  #paths = new Set();

  folder(path) {
    if (path === '.' || path === '/') return;
    if (this.#paths.has(path)) return;
    this.folder(posix.dirname(path));
    this.#add(path, FOLDER);
  }

  file(path, body, mode = 0o644) {
    this.folder(posix.dirname(path));
    this.#add(path, FILE | mode, Buffer.from(body));
  }

  link(path, target) {
    this.folder(posix.dirname(path));
    this.#add(path, LINK, Buffer.from(target));
  }

  /** A file or a folder with all below it, its links as they are. */
  copy(source, path) {
    const stat = lstatSync(source);
    if (stat.isSymbolicLink()) this.link(path, readlinkSync(source));
    else if (stat.isDirectory())
      for (const name of readdirSync(source)) this.copy(join(source, name), `${path}/${name}`);
    else this.file(path, readFileSync(source), stat.mode & 0o777);
  }

  /** The archive. The kernel unpacks several behind each other, so that a later one adds to this one. */
  bytes() {
    return Buffer.concat([...this.#parts, ...entry('TRAILER!!!', 0)]);
  }

  #add(path, mode, body) {
    if (this.#paths.has(path)) return;
    this.#paths.add(path);
    this.#parts.push(...entry(path.replace(/^\//, ''), mode, body));
  }
}
