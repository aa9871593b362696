import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ADDON = join(ROOT, 'dist/acceptstream.node');

describe('the packed package', () => {
  interface Pack {
    readonly size: number;
    readonly unpackedSize: number;
    readonly files: readonly { readonly path: string }[];
  }
  // Built before the tests: packing must not build under the others' feet.
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: ROOT });
  const [pack] = JSON.parse(packed.toString()) as [Pack];
  const paths = pack.files.map(({ path }) => path);

  test('holds what runs, the two objects and what the addon is built from', () => {
    const wanted = ['acceptstream.arm64.bpf.o', 'acceptstream.x64.bpf.o', 'acceptstream.node', 'filter-core.wasm'];
    wanted.push('acceptstream-filter.wasm');
    wanted.push('source-plugin/main.js', 'source-plugin/index.d.ts', 'native/index.js', 'schemas/error.js');
    const others = [
      'bpf/event.h',
      'native/addon.cc',
      'source-plugin/setup/install.mjs',
      'schemas/accept.avsc',
      'pipelines/vector.yaml',
      'pipelines/flink/tables.sql',
      'pipelines/flink/jobs/http-accepts.sql',
      'pipelines/opensearch/template.json',
      'pipelines/opensearch/bulk.sh',
      'pipelines/systemd/acceptstream.service',
      'LICENSE',
    ];
    const all = [...wanted.map((path) => `dist/${path}`), ...others, 'source-plugin/man/acceptstream.8'];
    expect(all.filter((path) => !paths.includes(path))).toEqual([]);
  });

  test('holds nothing else of the clone', () => {
    const known = [
      /^(package\.json|tsconfig\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
      /^dist\/(acceptstream\.(arm64\.bpf\.o|x64\.bpf\.o|node)|(filter-core|acceptstream-filter)\.wasm)$/,
      /^dist\/(schemas|native|filter-core|source-plugin)\/[\w/-]+(\.d\.ts|\.js)$/,
      /^(bpf|native)\/[\w.]+\.(c|h|cc|ts)$/,
      /^pipelines\/[\w.-]+\.(yaml|conf)$/,
      /^pipelines\/flink\/((README|SCALE)\.md|[\w/-]+\.sql)$/,
      /^pipelines\/opensearch\/(template\.json|bulk\.sh|(rsyslog|vector|fluent-bit)\.(conf|yaml))$/,
      /^pipelines\/systemd\/acceptstream\.(service|yaml)$/,
      /^schemas\/[\w.]+\.(avsc|json|ts|mjs)$/,
      /^(filter-core|source-plugin)\/[\w/-]+\.(ts|mjs|json|8)$/,
    ];
    expect(paths.filter((path) => !known.some((pattern) => pattern.test(path)))).toEqual([]);
  });

  test('is small', () => {
    expect(pack.size).toBeLessThan(700_000);
    expect(pack.unpackedSize).toBeLessThan(2_500_000);
  });
});

const symbolsReason = existsSync('/usr/bin/readelf') ? '' : ' (skipped: needs readelf)';

describe.skipIf(symbolsReason !== '' || process.arch !== 'x64')(`the addon of linux-x64${symbolsReason}`, () => {
  const readelf = (option: string) => execFileSync('readelf', [option, '--wide', ADDON]).toString();

  test('needs no library beyond those that the README names', () => {
    const needed = [...readelf('--dynamic').matchAll(/NEEDED.*\[(.+)\]/g)].map((match) => match[1] ?? '');
    const known = ['libbpf.so.1', 'libstdc++.so.6', 'libgcc_s.so.1', 'libm.so.6', 'libc.so.6', 'ld-linux-x86-64.so.2'];
    expect(needed).toContain('libbpf.so.1');
    expect(needed.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('hashes by what Node.js gives to addons, and has no hash of its own that another could take', () => {
    const lines = readelf('--dyn-syms').split('\n');
    const hashes = lines.filter((line) => /sha1|md5|_transform/i.test(line)).map((line) => line.replace(/.* /, ''));
    expect(hashes.sort()).toEqual(['SHA1_Init', 'SHA1_Transform']);
    expect(lines.filter((line) => /\bUND (SHA1_Init|SHA1_Transform)$/.test(line))).toHaveLength(2);
  });

  test.for(['GLIBC', 'GLIBCXX', 'CXXABI', 'LIBBPF'])('needs no newer symbols of %s than the README says', (name) => {
    const versionsIn = (text: string) =>
      [...text.matchAll(new RegExp(`\\b${name}_([0-9.]*[0-9])`, 'g'))].map((match) => match[1] ?? '');
    const [stated] = versionsIn(readFileSync(join(ROOT, 'README.md'), 'utf8'));
    const needed = versionsIn(readelf('--version-info'));
    expect(needed).not.toEqual([]);
    expect(needed.filter((version) => isNewer(version, stated ?? '0'))).toEqual([]);
  });
});

function isNewer(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) > 0;
}
