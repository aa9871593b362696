import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../../pipelines/kafka-local/folder.mjs';
import { QUICK_START } from '../../../pipelines/kafka-local/java.mjs';
import { freePorts } from '../../../pipelines/kafka-local/ports.mjs';
import { Server } from '../../../pipelines/kafka-local/server.mjs';
import { cached } from '../../kernels/cache.mjs';

const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('Server.java', import.meta.url));
// Behind QUICK_START's: the last one counts.
const HEAP = '-Xmx512m';
const ANSWER_MS = 2_000;

async function classes() {
  const version = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  const goal = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  const folder = await cached(`opensearch-${version}`, (path) =>
    promisify(execFile)('mvn', [...goal, `-DoutputDirectory=${path}`], { cwd: path }),
  );
  return join(folder, '*');
}

/** Why OpenSearch can't be run here; '' when it can. */
export function opensearchReason() {
  try {
    for (const program of ['javac', 'mvn']) execFileSync(program, ['--version'], { stdio: 'pipe' });
    execFileSync('curl', ['--version'], { stdio: 'pipe' });
    return '';
  } catch (error) {
    return `needs a JDK, Maven and curl: ${error.message.split('\n')[0]}`;
  }
}

async function answers(url) {
  try {
    const { status } = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return status === 200;
  } catch {
    return false;
  }
}

/** An OpenSearch of one node on 127.0.0.1 that serves; its data are in a folder of its own until `stop`. */
export async function startOpensearch() {
  const path = await classes();
  const folder = temporaryFolder(join(tmpdir(), 'acceptstream-opensearch-'));
  const ports = await freePorts(2);
  const url = `http://127.0.0.1:${ports[0]}`;
  const server = new Server({
    name: 'OpenSearch',
    argv: [...QUICK_START, HEAP, '-cp', path, LAUNCHER, join(folder.path, 'data'), ...ports.map(String)],
    log: join(folder.path, 'log.txt'),
    ready: () => answers(url),
  });
  const stop = async () => {
    await server.kill();
    folder.remove();
  };
  try {
    await server.start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, server, stop };
}
