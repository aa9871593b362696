import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from './folder.mjs';

const BROKER = fileURLToPath(new URL('pom.xml', import.meta.url));
const TOOLS = fileURLToPath(new URL('tools.pom.xml', import.meta.url));
const FLINK = fileURLToPath(new URL('../flink/pom.xml', import.meta.url));
const REGISTRY = 'io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all';
const AVRO_TOOLS = 'org.apache.avro:avro-tools:1.12.0';
const OLDEST_JAVA = 17;
const MAVEN_BYTES = 16 << 20;
const APT = 'apt-get install -y --no-install-recommends default-jre-headless maven openssl';

const runs = promisify(execFile);

/** Flags for a start within seconds, and a heap that holds all either server needs. */
export const QUICK_START = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

function cacheFolder() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'acceptstream');
}

function folderOf(pom) {
  const version = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
  return join(cacheFolder(), `${pom === FLINK ? 'flink' : 'kafka'}-${version}`);
}

const registryFolder = () => join(cacheFolder(), `apicurio-${REGISTRY.split(':')[2]}`);

function answers(program, args) {
  try {
    execFileSync(program, args, { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

function hasJava() {
  try {
    const text = execFileSync('java', ['--version'], { encoding: 'utf8', stdio: 'pipe' });
    return Number(/^\S+ (\d+)/.exec(text)?.[1]) >= OLDEST_JAVA;
  } catch {
    return false;
  }
}

/**
 * One line that names what is missing and the command that installs it; '' when the servers can run here.
 * @param {'Kafka' | 'Flink'} what needs it; Flink runs beside Kafka
 */
export function missingPrograms(what = 'Kafka') {
  const folders = [folderOf(BROKER), registryFolder(), ...(what === 'Flink' ? [folderOf(FLINK)] : [])];
  const cached = folders.every((folder) => existsSync(folder));
  const missing = [
    ...(hasJava() ? [] : [`a Java runtime of version ${OLDEST_JAVA} or later`]),
    ...(cached || answers('mvn', ['--version']) ? [] : ['Maven']),
    ...(answers('openssl', ['version']) ? [] : ['openssl']),
  ];
  return missing.length === 0 ? '' : `the local ${what} needs ${missing.join(' and ')}: run as root: ${APT}`;
}

// Maven's line for a file that it has: the registry's archive and Flink's planner take the most time.
const DOWNLOADED = /Downloaded from \S+: \S+\/([^/\s]+\.(?:jar|tar\.gz)) \((\S+ [kM]B) at/g;

async function maven(args, cwd, onFetch) {
  const running = runs('mvn', ['-B', ...args], { cwd, maxBuffer: MAVEN_BYTES });
  running.child.stdout.on('data', (text) => {
    for (const [, name, size] of text.matchAll(DOWNLOADED)) onFetch(`fetched ${name} (${size})`);
  });
  await running;
}

// Another process may fill the same folder meanwhile: the first to rename wins, and both are equal.
async function fill(folder, goal, onFetch = () => {}) {
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  const fresh = temporaryFolder(`${folder}.new-`);
  try {
    // Maven leaves marker files where it runs.
    await maven(goal(fresh.path), fresh.path, onFetch);
    renameSync(fresh.path, folder);
  } catch (error) {
    if (!existsSync(folder)) throw new Error(`Maven could not fetch ${folder}: ${firstLine(error)}`);
  } finally {
    fresh.remove();
  }
  return folder;
}

function firstLine({ stdout = '', stderr = '', message }) {
  return `${stdout}${stderr}`.split('\n').find((line) => line.includes('ERROR')) ?? message;
}

function mustHavePrograms(what) {
  const missing = missingPrograms(what);
  if (missing) throw new Error(missing);
}

async function classesOf(pom, onFetch) {
  mustHavePrograms(pom === FLINK ? 'Flink' : 'Kafka');
  const goal = ['-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
  const folder = await fill(folderOf(pom), (target) => [...goal, `-DoutputDirectory=${target}`], onFetch);
  return join(folder, '*');
}

/** @returns {Promise<string>} class path of the broker, fetched on first use */
export function kafkaClasses() {
  return classesOf(BROKER);
}

/**
 * @param {(line: string) => void} onFetch is told of each file that comes
 * @returns {Promise<string>} class path of Flink with its SQL gateway, fetched on first use
 */
export function flinkClasses(onFetch) {
  return classesOf(FLINK, onFetch);
}

/** @returns {Promise<string>} the registry's jar, fetched on first use */
export async function registryJar() {
  mustHavePrograms();
  const folder = await fill(registryFolder(), (target) => [
    'dependency:unpack',
    `-Dartifact=${REGISTRY}`,
    `-DoutputDirectory=${target}`,
  ]);
  return join(folder, `apicurio-registry-app-${REGISTRY.split(':')[2]}-runner.jar`);
}

/**
 * The command line of Apache Avro's own tools, fetched on first use.
 * @param {string[]} args
 * @returns {Promise<string[]>} argv
 */
export async function avroTool(args) {
  mustHavePrograms();
  const name = AVRO_TOOLS.split(':').slice(1).join('-');
  const folder = await fill(join(cacheFolder(), name), (target) => [
    'dependency:copy',
    `-Dartifact=${AVRO_TOOLS}`,
    `-DoutputDirectory=${target}`,
  ]);
  return ['java', ...QUICK_START, '-jar', join(folder, `${name}.jar`), ...args];
}

/**
 * The command line that runs one of Kafka's own tools, fetched on first use.
 * @param {string} main its class, such as org.apache.kafka.tools.ProducerPerformance
 * @param {string[]} args
 * @returns {Promise<string[]>} argv
 */
export async function kafkaTool(main, args) {
  const flags = ['-Xmx256m', '-XX:+UseSerialGC', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
  return ['java', ...flags, '-cp', await classesOf(TOOLS), main, ...args];
}
