const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Aborts `controller` on the first signal. A second one ends the process at once, by the signal itself: a write
 * that is stuck in the thread pool would keep process.exit() waiting. Returns a function that takes the handlers off.
 */
export function stopOnSignal(controller: AbortController, signals = SIGNALS): () => void {
  const stop = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) endBy(signal);
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
