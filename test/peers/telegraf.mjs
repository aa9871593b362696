import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../pipelines/kafka-local/folder.mjs';
import { cached } from '../kernels/cache.mjs';

const VERSION = '1.37.2';
// Of all its plugins those that pipelines/telegraf.conf names, and another output format to compare with.
const TAGS = 'custom,inputs.execd,parsers.json_v2,outputs.file,serializers.influx,serializers.json';

async function build(folder) {
  const work = temporaryFolder(join(tmpdir(), 'acceptstream-telegraf-'));
  try {
    const argv = ['install', '-tags', TAGS, `github.com/influxdata/telegraf/cmd/telegraf@v${VERSION}`];
    await promisify(execFile)('go', argv, { cwd: work.path, env: { ...process.env, GOBIN: folder } });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    const reason = error.code === 'ENOENT' ? 'install Go 1.25 or later' : error.stderr;
    throw new Error(`Telegraf can't be built: ${reason}`);
  } finally {
    work.remove();
  }
}

/** Path of a Telegraf made of its Go module. Takes some minutes at the first time. */
export async function buildTelegraf() {
  return join(await cached(`telegraf-${VERSION}`, build), 'telegraf');
}
