import { AcceptstreamError } from '../schemas/error.js';
import { checkFilter } from './conditions.js';
import { isTable, TEXT_FORMATS } from './formats.js';
import type { CoreOptions, Zone } from './index.js';

const FORMATS: readonly unknown[] = [...TEXT_FORMATS, 'avro', 'forward', 'kafka'] satisfies CoreOptions['format'][];

function refuse(operation: string, message: string): never {
  throw new AcceptstreamError('USAGE', operation, message);
}

/** @throws AcceptstreamError USAGE naming the option that can't be used. */
export function checkOptions({ format, time, timestamp, zoneAt, filter, kafka }: CoreOptions): void {
  if (!FORMATS.includes(format)) refuse('format', `format must be one of ${FORMATS.join(', ')}, not ${format}`);
  if ((format === 'kafka') !== (kafka !== undefined)) refuse('kafka', 'the format kafka and its options go together');
  if (!isTable(format) && (time || timestamp))
    refuse('format', 'time and timestamp are columns of the formats tcpaccept and wide');
  if (time && typeof zoneAt !== 'function') refuse('zoneAt', 'time needs zoneAt, which tells the offset from UTC');
  checkFilter(filter ?? {});
}

/** The zone, when it holds at the instant; a core that was given another would ask for ever. */
export function checkZone(zone: Zone | undefined, instant: number): Zone {
  const holds = zone !== undefined && zone.from <= instant && instant < zone.until;
  if (!holds || !Number.isSafeInteger(zone.offsetSeconds)) {
    refuse('zoneAt', `zoneAt answered no zone with whole seconds that holds at ${instant} µs`);
  }
  return zone;
}
