const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const ECHO_MS = 300;

/**
 * Aborts `controller` on the first signal. A second one ends the process at once, by the signal itself: a write
 * that is stuck in the thread pool would keep process.exit() waiting. Returns a function that takes the handlers off.
 */
export function stopOnSignal(controller: AbortController, signals = SIGNALS): () => void {
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  // One Ctrl-C comes twice: npm and sudo pass on what the terminal has sent to the whole group already.
  const isEcho = (signal: NodeJS.Signals) => signal === first?.signal && performance.now() - first.at < ECHO_MS;
  const stop = (signal: NodeJS.Signals) => {
    if (isEcho(signal)) return;
    if (first) endBy(signal);
    first = { signal, at: performance.now() };
    controller.abort();
  };
  const release = () => {
    for (const signal of signals) process.off(signal, stop);
  };
  const endBy = (signal: NodeJS.Signals) => {
    release();
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, stop);
  return release;
}
