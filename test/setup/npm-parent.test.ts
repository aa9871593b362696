import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MODULE = resolve(import.meta.dirname, '../../source-plugin/setup/npm-parent.mjs');
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'acceptstream-npm-'));
  writeFileSync(
    join(folder, 'program.mjs'),
    `import { endWithNpm } from ${JSON.stringify(MODULE)};
process.on('SIGTERM', () => process.stdout.write('ended', () => process.exit()));
endWithNpm();
setInterval(() => {}, 1000);
process.stdout.write('up ');
`,
  );
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Stands in for a process of that title that runs the program behind a shell, which passes no signal on. */
function startUnder(title: string) {
  const code = `process.title = ${JSON.stringify(title)};
require('node:child_process').spawn('sh', ['-c', '"$0" "$1"; true', process.execPath, 'program.mjs'], { stdio: 'inherit' });
setInterval(() => {}, 1000);`;
  return spawn(process.execPath, ['-e', code], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
}

test.for(['npm exec acceptstream', 'npx acceptstream'])('a program that %s started ends with it', async (title) => {
  const npm = startUnder(title);
  let said = '';
  npm.stdout.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  await once(npm.stdout, 'data');
  npm.kill('SIGKILL');
  // The pipe closes when the program, which holds it too, has ended.
  await once(npm.stdout, 'close');
  expect(said).toBe('up ended');
});
