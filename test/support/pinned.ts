import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { programs } from './programs.js';

export interface MapShape {
  readonly type?: 'hash' | 'lru_hash' | 'percpu_hash' | 'array' | 'ringbuf';
  readonly keyBytes?: number;
  readonly valueBytes?: number;
  readonly entries?: number;
}

/** A folder of bpffs with a user's pinned objects. */
export class Pins {
  readonly folder: string;

  constructor(name: string) {
    this.folder = join('/sys/fs/bpf', `acceptstream-test-${process.pid}-${name}`);
    mkdirSync(this.folder);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  createMap(name: string, shape: MapShape = {}): string {
    const { type = 'hash', keyBytes = 8, valueBytes = 8, entries = 16 } = shape;
    bpfmap('create', this.path(name), type, keyBytes, valueBytes, entries);
    return this.path(name);
  }

  createProgram(name: string): string {
    bpfmap('pin-program', this.path(name));
    return this.path(name);
  }

  add(name: string, key: number): void {
    bpfmap('add', this.path(name), key);
  }

  remove(name: string, key: number): void {
    bpfmap('remove', this.path(name), key);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether the kernel still has that object. */
export function isAlive(kind: 'prog' | 'map' | 'link', id: number): boolean {
  return bpfmap('alive', kind, id).trim() === 'true';
}

function bpfmap(...args: readonly (string | number)[]): string {
  return execFileSync(programs().bpfmap, args.map(String), { encoding: 'utf8' });
}
