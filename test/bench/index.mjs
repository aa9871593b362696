// npm run bench -- [--json] [--write] [NAME …]
import { chownSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { missingPrograms } from '../../pipelines/kafka-local/java.mjs';
import { usableVariants } from './agent.mjs';
import { FIGURES } from './figures.mjs';
import { stopServers } from './kafka-servers.mjs';
import { cpuTicks, describeMachine, version } from './machine.mjs';
import { renderPage, renderText, summarize } from './report.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = fileURLToPath(new URL('../../BENCHMARKS.md', import.meta.url));
const OPTIONS = { json: { type: 'boolean' }, write: { type: 'boolean' } };
const USAGE = `usage: npm run bench -- [--json] [--write] [NAME …]
  --json   one JSON document instead of tables
  --write  make BENCHMARKS.md of the run, which the README quotes; takes all figures but scale
  NAME     only these figures (kafka: those of Kafka; scale: those of pipelines/flink/SCALE.md): ${FIGURES.map(({ name }) => name).join(', ')}
`;

function parse() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const isOf = (name) => (figure) => figure.name === name || figure.name.startsWith(`${name}-`);
  const unknown = positionals.find((name) => !FIGURES.some(isOf(name)));
  if (unknown !== undefined) throw new Error(`there is no figure ${unknown}`);
  if (values.write && positionals.length > 0) throw new Error('--write takes no names');
  const isChosen = (figure) => positionals.some((name) => isOf(name)(figure));
  const chosen = FIGURES.filter(positionals.length === 0 ? (figure) => !isOf('scale')(figure) : isChosen);
  return { json: values.json ?? false, write: values.write ?? false, chosen };
}

const CLEAR_LINE = '\r\x1b[K';

function show(text) {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${text.slice(0, (process.stderr.columns || 80) - 1)}`);
}

async function whyNotLive() {
  if (process.geteuid() !== 0) return 'needs root';
  return (await usableVariants()).length > 0 ? '' : 'the program starts with none of the hooks measured';
}

async function take({ name, title, method, live, kafka, run }) {
  show(`${name} …`);
  const skipped = (live && (await whyNotLive())) || (kafka && missingPrograms());
  if (skipped) return { name, title, method, skipped };
  const start = performance.now();
  const measures = await run((step) => show(`${name}: ${step}`));
  return {
    name,
    title,
    method,
    seconds: Math.round((performance.now() - start) / 1000),
    measures: measures.map(summarize),
  };
}

async function runAll(chosen) {
  const machine = describeMachine();
  const before = cpuTicks();
  const figures = [];
  try {
    for (const figure of chosen) figures.push(await take(figure));
  } finally {
    await stopServers();
  }
  show('');
  const after = cpuTicks();
  const stolen = (100 * (after.stolen - before.stolen)) / (after.all - before.all);
  machine['taken by the hypervisor meanwhile'] = `${stolen.toFixed(1)} % of the CPU time`;
  return { date: new Date().toISOString(), version: version(), machine, figures };
}

// Root may work in another user's clone: the page is the clone's owner's. The README quotes it.
async function writePage(document) {
  writeFileSync(PAGE, renderPage(document));
  const { uid, gid } = statSync(ROOT);
  chownSync(PAGE, uid, gid);
  await import('../docs/write.mjs');
}

function choice() {
  try {
    return parse();
  } catch (error) {
    process.stderr.write(`bench: ${error.message}\n${USAGE}`);
    return process.exit(2);
  }
}

const { json, write, chosen } = choice();
try {
  const document = await runAll(chosen);
  if (write) await writePage(document);
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : renderText(document));
} catch (error) {
  show('');
  process.stderr.write(`bench: ${error.message}\n`);
  process.exit(1);
}
