import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import {
  functionsOf,
  importsOf,
  includesOf,
  isScript,
  nodesOf,
  SOURCES,
  type SourceFile,
  treeOf,
} from './source-files.js';

const MAX_FILE_LINES = 300;
const MAX_FUNCTION_LINES = 50;

/** The folders whose modules those of a folder may import, beside their own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  schemas: [],
  bpf: [],
  native: ['schemas'],
  'filter-core': ['schemas'],
  'source-plugin': ['schemas', 'native', 'filter-core'],
};

const product = SOURCES.filter(({ folder }) => folder !== 'test');
const scripts = product.filter(isScript);
const cFiles = product.filter((file) => !isScript(file));

/** What fails, as lines that say where. */
const failures = (files: readonly SourceFile[], find: (file: SourceFile) => readonly string[]) =>
  files.flatMap((file) => find(file).map((what) => `${file.path}: ${what}`));

test('there are sources of every folder and language', () => {
  expect(new Set(product.map(({ folder }) => folder))).toEqual(new Set(Object.keys(MAY_IMPORT)));
  expect(new Set(SOURCES.map(({ path }) => path.replace(/.*\./, '')))).toEqual(new Set(['ts', 'mjs', 'cc', 'c', 'h']));
});

describe('imports go one way', () => {
  /** The folder that an import leads to, dist/ seen as what it is made from; undefined for a package. */
  function folderOf(file: SourceFile, specifier: string): string | undefined {
    if (!specifier.startsWith('.')) return undefined;
    const target = posix.join(posix.dirname(file.path), specifier).replace(/^dist\//, '');
    return target.split('/')[0];
  }

  test('scripts import their own folder and those before it', () => {
    const wrong = failures(scripts, (file) =>
      importsOf(file).filter((specifier) => {
        const folder = folderOf(file, specifier);
        return folder !== undefined && folder !== file.folder && !MAY_IMPORT[file.folder]?.includes(folder);
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('what runs in WebAssembly imports nothing else', () => {
    const assembly = scripts.filter(({ path }) => path.startsWith('filter-core/assembly/'));
    expect(assembly.length).toBeGreaterThan(0);
    expect(failures(assembly, (file) => importsOf(file).filter((name) => !/^\.\/[a-z0-9]+$/.test(name)))).toEqual([]);
  });

  test('packages are Node.js itself and the dependencies, and the set-up has none of these', () => {
    const allowed = (file: SourceFile) =>
      file.path.startsWith('source-plugin/setup/') || file.path === 'schemas/generate.mjs'
        ? []
        : Object.keys(packageJson.dependencies);
    const builtins = builtinModules.map((name) => `node:${name}`);
    const wrong = failures(scripts, (file) =>
      importsOf(file).filter(
        (name) => !name.startsWith('.') && !builtins.includes(name) && !allowed(file).includes(name),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('the tests reach the product, never the other way round', () => {
    expect(failures(scripts, (file) => importsOf(file).filter((name) => name.includes('/test/')))).toEqual([]);
  });

  test('native/ shares one header with bpf/, and bpf/ includes nothing of ours but its own', () => {
    const leaving = (file: SourceFile) =>
      includesOf(file).filter((name) => name.startsWith('"') && !owns(file.folder, name.slice(1, -1)));
    const owns = (folder: string, name: string) => cFiles.some(({ path }) => path === `${folder}/${name}`);
    const files = (folder: string) => cFiles.filter((file) => file.folder === folder);
    expect(failures(files('bpf'), leaving)).toEqual([]);
    expect(new Set(files('native').flatMap(leaving))).toEqual(new Set(['"../bpf/event.h"']));
  });
});

describe('walls', () => {
  const including = (pattern: RegExp) =>
    cFiles
      .filter(({ folder }) => folder === 'native')
      .filter((file) => includesOf(file).some((name) => pattern.test(name)))
      .map(({ path }) => path);

  test('Node-API stays in native/addon.cc', () => {
    expect(including(/napi|node/)).toEqual(['native/addon.cc']);
    expect(
      failures(product, ({ path, text }) =>
        path !== 'native/addon.cc' && /\bnapi_|\bNapi::/.test(text) ? ['Node-API'] : [],
      ),
    ).toEqual([]);
  });

  test('libbpf stays in the files of the reader, and out of the addon', () => {
    const files = including(/<(bpf|linux\/bpf)/);
    expect(files.length).toBeGreaterThan(0);
    expect(files.filter((path) => !/^native\/(reader|ring|pinned)[a-z_]*\.(cc|h)$/.test(path))).toEqual([]);
  });

  test('the addon is loaded by native/index.ts alone', () => {
    const loading = scripts.filter(({ text }) => text.includes('acceptstream.node')).map(({ path }) => path);
    expect(loading).toEqual(['native/index.ts', 'source-plugin/setup/steps.mjs']);
  });

  test('the ring is touched by bpf/emit.h alone', () => {
    const touching = cFiles.filter(({ folder, text }) => folder === 'bpf' && /&ring\b|bpf_ringbuf_/.test(text));
    expect(touching.map(({ path }) => path)).toEqual(['bpf/emit.h']);
  });
});

describe('sizes', () => {
  test(`no file has ${MAX_FILE_LINES} lines`, () => {
    const lines = ({ text }: SourceFile) => text.split('\n').length - 1;
    expect(failures(SOURCES, (file) => (lines(file) >= MAX_FILE_LINES ? [`${lines(file)} lines`] : []))).toEqual([]);
  });

  test(`no function has more than ${MAX_FUNCTION_LINES} lines`, () => {
    const functions = SOURCES.flatMap(functionsOf);
    expect(functions.filter(({ name }) => name.startsWith('native/')).length).toBeGreaterThan(50);
    expect(functions.filter(({ name }) => name.startsWith('bpf/')).length).toBeGreaterThan(20);
    expect(functions.filter(({ lines }) => lines > MAX_FUNCTION_LINES)).toEqual([]);
  });

  test('the middle function has at most 10 lines', () => {
    const lines = product
      .flatMap(functionsOf)
      .map((one) => one.lines)
      .sort((a, b) => a - b);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThanOrEqual(10);
  });
});

test('no type is any', () => {
  const anys = (file: SourceFile) =>
    [...nodesOf(treeOf(file))].filter((node) => node.kind === ts.SyntaxKind.AnyKeyword).map(() => 'any');
  expect(failures(SOURCES.filter(isScript), anys)).toEqual([]);
});
