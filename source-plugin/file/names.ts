import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PART } from '../container/names.js';

const ENDING = '.avro';
const DIGITS = 6;

/** Where a sink writes: `folder`/`stem`-TIME-NUMBER.avro. */
export interface Target {
  readonly folder: string;
  readonly stem: string;
}

/** A file of a sink. Numbers grow with each, also where the clock was set back. */
export interface Numbered {
  readonly path: string;
  readonly number: number;
}

/** Files of one sink, oldest first. */
export interface Files {
  readonly finished: readonly Numbered[];
  /** Not finished, with their ending. */
  readonly parts: readonly Numbered[];
}

/** @param path absolute, with the ending .avro, before which time and number come */
export function targetOf(path: string): Target {
  return { folder: dirname(path), stem: basename(path, ENDING) };
}

/** Hidden, and no name of a recording: it stays when all of those are taken away. */
export function lockPath({ folder, stem }: Target): string {
  return join(folder, `.${stem}${ENDING}.lock`);
}

/** What is in the folder by names of this sink alone; throws what the system says. */
export function filesOf(target: Target): Files {
  const found = readdirSync(target.folder).flatMap((name) => numbered(target, name));
  found.sort((one, other) => one.number - other.number);
  const isPart = ({ path }: Numbered) => path.endsWith(PART);
  return { finished: found.filter((file) => !isPart(file)), parts: found.filter(isPart) };
}

/** The name of the next file, as it will be called when it is finished. */
export function nextPath(target: Target, now: Date): string {
  const { finished, parts } = filesOf(target);
  const number = 1 + Math.max(0, ...[finished.at(-1), parts.at(-1)].map((file) => file?.number ?? 0));
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  return join(target.folder, `${target.stem}-${time}-${String(number).padStart(DIGITS, '0')}${ENDING}`);
}

function numbered({ folder, stem }: Target, name: string): Numbered[] {
  if (!name.startsWith(`${stem}-`)) return [];
  const number = /^-\d{8}T\d{6}Z-(\d{6,15})\.avro(?:\.part)?$/.exec(name.slice(stem.length))?.[1];
  return number === undefined ? [] : [{ path: join(folder, name), number: Number(number) }];
}
