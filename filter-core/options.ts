import { AcceptstreamError } from '../schemas/error.js';
import { isTable, TEXT_FORMATS } from './formats.js';
import type { CoreOptions, Filter, Zone } from './index.js';

const FORMATS: readonly unknown[] = [...TEXT_FORMATS, 'avro', 'forward', 'kafka'] satisfies CoreOptions['format'][];
const FAMILIES: readonly unknown[] = [undefined, 4, 6];

const isPort = (port: unknown): boolean => Number.isInteger(port) && Number(port) >= 0 && Number(port) <= 65535;

function refuse(operation: string, message: string): never {
  throw new AcceptstreamError('USAGE', operation, message);
}

/** @throws AcceptstreamError USAGE naming the condition that can't be used. */
export function checkFilter({ pid, ports, family }: Filter): void {
  if (pid !== undefined && !(Number.isInteger(pid) && pid >= 0))
    refuse('filter.pid', `pid must be a whole number from 0 on, not ${pid}`);
  const wrong = ports?.find((port) => !isPort(port));
  if (wrong !== undefined) refuse('filter.ports', `ports must be whole numbers from 0 to 65535, not ${wrong}`);
  if (!FAMILIES.includes(family)) refuse('filter.family', `family must be 4 or 6, not ${family}`);
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
