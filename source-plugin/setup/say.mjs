/** A set-up step that failed. `remedy` says what to do; `output` is what the step's program said. */
export class SetupError extends Error {
  constructor(message, { remedy = '', output = '' } = {}) {
    super(message);
    this.remedy = remedy;
    this.output = output;
  }
}

const CLEAR_LINE = '\r\x1b[K';
const REFRESH_MS = 200;
const running = new Map();
let timer;

// stdout belongs to the program: everything here goes to stderr.
export function say(text) {
  process.stderr.write(`${running.size > 0 && timer ? CLEAR_LINE : ''}acceptstream: ${text}\n`);
}

function draw() {
  const now = Date.now();
  const parts = [...running].map(([name, { since, last }]) => `${name} ${Math.round((now - since) / 1000)} s ${last}`);
  const width = (process.stderr.columns || 80) - 1;
  process.stderr.write(CLEAR_LINE + parts.join(' | ').slice(0, width));
}

/** Announces a step; while stderr is a terminal its age and its program's last line are shown until `finished`. */
export function started(name) {
  say(name);
  running.set(name, { since: Date.now(), last: '' });
  if (process.stderr.isTTY && !timer) timer = setInterval(draw, REFRESH_MS);
}

export function heard(name, line) {
  const step = running.get(name);
  if (step) step.last = line;
}

export function finished(name) {
  running.delete(name);
  if (timer) process.stderr.write(CLEAR_LINE);
  if (running.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

/** Prints a failure: what its program said, what failed, what to do. */
function complain(error) {
  if (error.output) process.stderr.write(`${error.output.trimEnd()}\n`);
  say(error.remedy ? `${error.message}: ${error.remedy}` : error.message);
}

/** Runs the body of a command, which gives the exit status; what it throws is told without a stack trace, as status 1. */
export async function command(body) {
  try {
    process.exitCode = await body();
  } catch (error) {
    complain(error);
    process.exitCode = 1;
  }
}
