import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../source-plugin/config/load.js';
import { ROOT } from '../structure/source-files.js';
import { describeUnless } from '../support/reasons.js';

const UNIT = readFileSync(join(ROOT, 'pipelines/systemd/acceptstream.service'), 'utf8');

const version = Number(
  /^systemd (\d+)/.exec(spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout)?.[1],
);
// What security --offline= takes.
const reason = version >= 250 ? '' : 'needs systemd-analyze 250 or later';

/** The unit in a folder of its own, with a program that is there. */
function unitFile(text = UNIT): string {
  const folder = mkdtempSync(join(tmpdir(), 'acceptstream-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'acceptstream.service');
  writeFileSync(path, text.replace(/^ExecStart=acceptstream/m, `ExecStart=${process.execPath}`));
  return path;
}

const verify = (path: string) => spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });

/** The exposure that systemd-analyze finds, from 0 to 10. */
function exposureOf(path: string): number {
  const args = ['security', '--offline=yes', '--no-pager', path];
  const said = execFileSync('systemd-analyze', args, { encoding: 'utf8' });
  return Number(/Overall exposure level for acceptstream\.service: ([\d.]+)/.exec(said)?.[1]);
}

describeUnless(reason, 'the unit', () => {
  test('systemd has nothing to say against it', () => {
    const { status, stderr } = verify(unitFile());
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('systemd would say what is wrong', () => {
    const { stderr } = verify(unitFile(UNIT.replace('DynamicUser=yes', 'DynamicUsr=yes')));
    expect(stderr).toMatch(/Unknown key.*DynamicUsr/);
  });

  test('its exposure is what the README says', () => {
    const said = /gives the unit an exposure of (\d\.\d) \(systemd (\d+)\)/.exec(
      readFileSync(join(ROOT, 'README.md'), 'utf8'),
    );
    const exposure = exposureOf(unitFile());
    // Each version has its own list.
    if (version === Number(said?.[2])) expect(exposure).toBe(Number(said?.[1]));
    else expect(exposure).toBeLessThan(2.5);
  });
});

test('its configuration is one', () => {
  const { sinks } = loadConfig(join(ROOT, 'pipelines/systemd/acceptstream.yaml'));
  expect(sinks).toMatchObject({ journal: { type: 'stdout', format: 'json', required: true } });
});
