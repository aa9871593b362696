import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCore } from '../../filter-core/index.js';
import packageJson from '../../package.json' with { type: 'json' };
import { formatHelp } from '../../source-plugin/cli/help.js';
import { DEFAULT_RING_BYTES } from '../../source-plugin/index.js';
import { drain, encode } from '../filter-core/support.js';
import { acceptOf } from '../source-plugin/memory-source.js';
import { BLOCKS, withBlocks } from './blocks.mjs';
import { blocksOf, commands, PAGES, pageText, proseOf, ROOT } from './markdown.js';

const readme = pageText('README.md');
const squeezed = (text: string) => text.replace(/\s+/g, ' ');

/** In front of each event in a ring of the kernel. */
const RING_HEADER = 8;

function fixedBytes(): number {
  const header = readFileSync(join(ROOT, 'bpf/event.h'), 'utf8');
  return Number(/sizeof\(struct accept_event\) == (\d+)/.exec(header)?.[1]);
}

describe('README.md', () => {
  test.for(Object.keys(BLOCKS))('its block %s is what the code says (else: node test/docs/write.mjs)', (name) => {
    const block = (text: string) => text.split(`<!-- ${name}:begin -->`)[1]?.split(`<!-- ${name}:end -->`)[0];
    expect(block(readme)).toBe(block(withBlocks(readme)));
  });

  test('the measured figures are there', () => {
    expect(existsSync(join(ROOT, 'BENCHMARKS.md')), 'BENCHMARKS.md: npm run bench -- --write').toBe(true);
  });

  test('the sink of the example has at most twenty lines', () => {
    const [sink] = blocksOf('README.md').filter(({ language }) => language === 'ts');
    expect(sink?.text.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
  });

  test('the samples of formats are what the core writes', async () => {
    const wide = await loadCore({ format: 'wide' });
    expect(readme).toContain(`\n${Buffer.from(wide.header)}`);
    const ecs = await loadCore({ format: 'ecs' });
    const { text } = drain(ecs, encode([acceptOf({ cgroup: '' })]));
    const shape = (line: string) =>
      JSON.stringify(JSON.parse(line, (_, value) => (Object(value) === value ? value : 0)));
    const [sample] = blocksOf('README.md').filter(({ language }) => language === 'json');
    expect(shape(sample?.text ?? '')).toBe(shape(text));
  });

  test('the exit statuses are those of the help', () => {
    const statuses = (text: string) =>
      [...text.matchAll(/^(?:\| | {4})(\d)(?: \| | {2})\w/gm)].map((match) => match[1]);
    expect(statuses(readme)).toEqual(['0', '1', '2']);
    expect(statuses(formatHelp().split('exit status:')[1] ?? '')).toEqual(['0', '1', '2']);
  });

  test('the size of a ring is reckoned with the size of an event', () => {
    const fixed = fixedBytes();
    expect(readme).toContain(
      `(${fixed + RING_HEADER} + length of the paths of cgroup and executable, rounded up to 8) bytes`,
    );
    const bytes = 1000 * 10 * (fixed + RING_HEADER + 64);
    expect(squeezed(readme)).toContain(`with paths of 64 bytes take ${(bytes / 1e6).toFixed(1)} MB, so 4 MiB`);
    expect(2 ** Math.ceil(Math.log2(bytes))).toBe(4 * 2 ** 20);
    const held = DEFAULT_RING_BYTES / (fixed + RING_HEADER + 112);
    expect(Math.round(held / 1e4) * 1e4).toBe(30_000);
    expect(squeezed(readme)).toContain(`The ring's default of ${DEFAULT_RING_BYTES / 2 ** 20} MiB holds about 30 000`);
  });

  test('the ring of the Kafka pipeline holds what is said', () => {
    const bytes = 5000 * 30 * (RING_HEADER + fixedBytes() + 48);
    expect(squeezed(readme)).toContain(`with paths of 48 bytes are ${(bytes / 1e6).toFixed(1)} MB, so 32 MiB`);
    const ring = 2 ** Math.ceil(Math.log2(bytes));
    expect(ring).toBe(32 * 2 ** 20);
    expect(squeezed(readme)).toContain(`which is ${ring}.`);
    expect(readFileSync(join(ROOT, 'pipelines/kafka.yaml'), 'utf8')).toContain(`ring_bytes: ${ring}\n`);
  });

  test('the example of an audit adds up', () => {
    const rows = [...readme.matchAll(/^\| (?:earlier|later) record \| (\d+) \| (\d+) \|$/gm)];
    const [earlier, later] = rows.map((row) => ({ sequence: Number(row[1]), lost: Number(row[2]) }));
    if (!earlier || !later) throw new Error('no example');
    const passed = later.sequence - earlier.sequence - 1;
    const lost = later.lost - earlier.lost;
    expect(squeezed(readme)).toContain(`${later.sequence} − ${earlier.sequence} − 1 = ${passed} accepts passed`);
    expect(squeezed(readme)).toContain(
      `${later.lost} − ${earlier.lost} = ${lost} were lost, the other ${passed - lost} `,
    );
  });
});

describe.for(PAGES)('%s', (page) => {
  const prose = proseOf(page);

  test('its links lead somewhere', () => {
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
    const local = targets.filter((target) => !target.startsWith('https://'));
    const dead = local.filter((target) => (target.startsWith('#') ? !anchors(prose).has(target) : !isFile(target)));
    expect(dead).toEqual([]);
  });

  test('the files and folders it names are there', () => {
    const quoted = [...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
    const paths = quoted.filter((text) => /^(?!application\/)[a-z][\w.-]*\/[\w./-]*$/.test(text));
    expect(paths.filter((path) => !isFile(path))).toEqual([]);
  });

  test('the npm scripts it names are there', () => {
    const named = [...pageText(page).matchAll(/npm (?:run ([\w-]+)|(start|test)\b)/g)];
    const scripts = named.map(([, script, short]) => script ?? short ?? '');
    expect(scripts.filter((script) => !(script in packageJson.scripts))).toEqual([]);
  });

  test('it is whole: no blank at an end of a line outside of blocks, no mark left', () => {
    expect(prose.split('\n').filter((line) => /\s$/.test(line))).toEqual([]);
    expect(pageText(page).match(/TODO|FIXME|TEST_FILES|[Nn]ot measured yet/g) ?? []).toEqual([]);
  });
});

test('the review list has at most 40 lines', () => {
  const review = pageText('CONTRIBUTING.md').split('## Review')[1] ?? '';
  expect(review).toContain('What could go wrong if');
  expect(review.trim().split('\n').length).toBeLessThanOrEqual(40);
});

test('the pages have commands', () => {
  expect(commands().length).toBeGreaterThan(8);
});

function isFile(target: string): boolean {
  return existsSync(join(ROOT, target.replace(/#.*/, '')));
}

/** Anchors as GitHub makes them of headings. */
function anchors(prose: string): Set<string> {
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    headings.map(
      (text) =>
        `#${text
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-')}`,
    ),
  );
}
