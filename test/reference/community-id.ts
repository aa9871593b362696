import { createHash } from 'node:crypto';

/** An address in network order, as bytes. */
export function bytesOf(address: string): number[] {
  if (!address.includes(':')) return address.split('.').map(Number);
  const tail = address.slice(address.lastIndexOf(':') + 1);
  const dotted = tail.includes('.') ? bytesOf(tail) : [];
  const text = dotted.length > 0 ? address.slice(0, -tail.length).replace(/(?<!:):$/, '') : address;
  const [before = '', after] = text.split('::');
  const groups = (part = '') =>
    part.split(':').flatMap((group) => {
      const number = Number.parseInt(group, 16);
      return group === '' ? [] : [number >> 8, number & 255];
    });
  const [head, end] = [groups(before), [...groups(after), ...dotted]];
  return [...head, ...Array<number>(16 - head.length - end.length).fill(0), ...end];
}

export type End = readonly [address: number[], port: number];

/** The Community ID of a TCP connection in plain TypeScript, version 1 with the seed 0. */
export function communityId(one: End, other: End): string {
  const [first, second] = [one, other].sort((a, b) => Buffer.compare(keyOf(a), keyOf(b)));
  return hashOf(first ?? one, second ?? other);
}

/** The same of ends that are in their order. */
export function hashOf(from: End, to: End): string {
  const bytes = [0, 0, ...from[0], ...to[0], 6, 0, ...portBytes(from[1]), ...portBytes(to[1])];
  return `1:${createHash('sha1').update(Buffer.from(bytes)).digest('base64')}`;
}

const portBytes = (port: number) => [port >> 8, port & 255];

const keyOf = ([address, port]: End) => Buffer.from([...address, ...portBytes(port)]);
