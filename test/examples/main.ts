import { loadCore, openLive, runPipeline } from 'acceptstream';
import { countByPort } from './count-by-port.js';

const core = await loadCore({ format: 'avro' });
const source = openLive({ family: 4 });
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
console.error('counting until Ctrl-C');
try {
  const sink = countByPort();
  await runPipeline({ source, core, sink, signal: stop.signal });
  await sink.close();
} finally {
  source.close();
}
