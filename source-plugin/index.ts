export {
  type Core,
  type CoreOptions,
  type CoreTotals,
  type Filter,
  type Format,
  loadCore,
  type Portion,
  type Ports,
  RATE_KEYS,
  type RateKey,
  type RateLimit,
  type Suppressed,
  type Zone,
} from '../filter-core/index.js';
export { type Counters, HOOKS, type Hook } from '../native/index.js';
export { ACCEPT_FIELDS, type Accept } from '../schemas/accept.js';
export { AcceptstreamError, ERROR_CODES, type ErrorCode } from '../schemas/error.js';
export type { Batch, Drained, Sink, Source } from './contracts.js';
export { type LiveOptions, type LiveSource, openLive } from './live.js';
export { type Pipeline, runPipeline } from './pipeline.js';
export { decodeAccepts } from './records.js';
export { DEFAULT_RING_BYTES } from './ring.js';
export { stdoutSink } from './stdout.js';
export { zoneAt } from './zone.js';
