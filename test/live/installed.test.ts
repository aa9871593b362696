import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../source-plugin/doctor/report.js';
import { Installed } from '../support/installed.js';
import { newestNode } from '../support/newest-node.mjs';
import { Program } from '../support/program.js';
import { describeUnless, liveReason } from '../support/reasons.js';
import { columnsOf, row } from '../support/reference.js';
import { Workload } from '../workload/workload.js';

const NO_NETWORK = /\b(ENOTFOUND|EAI_AGAIN|ENOTCACHED|ECONNREFUSED|ETIMEDOUT|ENETUNREACH)\b/;

/** What `work` gives, or why it can't without a network; CI has one. */
function online<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (process.env.CI || !NO_NETWORK.test(String(error))) throw error;
    return 'needs the npm registry';
  }
}

describeUnless(liveReason(), 'the packed package, installed where no compiler is', () => {
  const installed = new Installed();
  let said = '';

  beforeAll(() => {
    said = online(() => installed.install());
  }, 120_000);

  afterAll(() => installed.remove());

  test('says nothing and builds nothing', ({ skip }) => {
    if (!existsSync(installed.package)) skip(said);
    expect(said).not.toContain('acceptstream: ');
    expect(existsSync(join(installed.package, 'dist/.setup'))).toBe(false);
  });

  test.for([
    ['this Node.js', () => process.execPath],
    ['the newest Node.js', newestNode],
  ] as const)('captures under %s', { timeout: 180_000 }, async ([, find], { skip }) => {
    if (!existsSync(installed.package)) skip(said);
    const node = online(find);
    if (!existsSync(node)) skip(node);
    const workload = await Workload.start({});
    const program = await Program.live(['-p', `${workload.ready.pid}`], { command: installed.command(node) });
    const { accepts } = await workload.run();
    expect(await program.stop()).toEqual({ code: 0, signal: null });
    expect(program.rows).toEqual(accepts.map((accept) => row(columnsOf(accept))));
    expect(program.stderr).toBe('');
  });

  test('an addon of another machine is built anew, or what that takes is named', { timeout: 120_000 }, ({ skip }) => {
    if (!existsSync(installed.package)) skip(said);
    const addon = join(installed.package, 'dist/acceptstream.node');
    const packed = readFileSync(addon);
    // As an ELF file of another machine looks to the loader.
    writeFileSync(addon, readFileSync(join(installed.package, 'dist/acceptstream.arm64.bpf.o')));
    const [node = '', ...rest] = installed.command(process.execPath);
    const doctor = spawnSync(node, [...rest, 'doctor', '--json'], { encoding: 'utf8' });
    expect({ status: doctor.status, stderr: doctor.stderr }).toEqual({ status: 1, stderr: '' });
    const { checks, hooks } = JSON.parse(doctor.stdout) as Report;
    expect(hooks).toEqual([]);
    expect(checks.find(({ name }) => name === 'libbpf')?.detail).toMatch(/^the native addon does not load/);
    const poor = installed.npm(['rebuild', 'acceptstream']);
    expect(poor.status).toBe(1);
    expect(poor.output).toContain("missing: a C++17 compiler (g++), libbpf's headers and library: ");
    const rich = installed.npm(['rebuild', 'acceptstream'], process.env.PATH);
    expect(rich).toMatchObject({ status: 0 });
    expect(readFileSync(addon).equals(packed)).toBe(true);
  });
});
