import type { Zone } from '../filter-core/index.js';
import { utcOffset } from '../native/index.js';

const HOUR = 3600;
const HORIZON_HOURS = 24;

/** The UTC offset at an instant (µs since the epoch), and the window of up to a day around it in which it holds. */
export function zoneAt(instant: number): Zone {
  const second = Math.floor(instant / 1e6);
  return {
    from: edge(second, -1) * 1e6,
    until: (edge(second, 1) + 1) * 1e6,
    offsetSeconds: utcOffset(second),
  };
}

/** The last second from `start` in one direction that has the offset of `start`. */
function edge(start: number, direction: 1 | -1): number {
  const offset = utcOffset(start);
  for (let hour = 1; hour <= HORIZON_HOURS; hour++) {
    const probe = start + direction * hour * HOUR;
    if (utcOffset(probe) !== offset) return bisect(probe - direction * HOUR, probe);
  }
  return start + direction * HORIZON_HOURS * HOUR;
}

/** Between `inside` and `outside`, which have different offsets: the last second like `inside`. */
function bisect(inside: number, outside: number): number {
  const offset = utcOffset(inside);
  let [same, other] = [inside, outside];
  while (Math.abs(other - same) > 1) {
    const middle = Math.trunc((same + other) / 2);
    if (utcOffset(middle) === offset) same = middle;
    else other = middle;
  }
  return same;
}
