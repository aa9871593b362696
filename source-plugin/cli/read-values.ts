import { quoted } from './errors.js';
import type { Reject } from './values.js';

// As schemas/config.schema.json has them.
export const BROKER =
  /^([^\s/:[\]]+|\[[0-9A-Fa-f:.]+(%[\w.-]+)?\]):([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$/;
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

const SECONDS = /^[0-9]+(\.[0-9]+)?$/;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}/;
const ISO_TIME = /[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/;

export function readBrokers(text: string, reject: Reject): readonly string[] {
  const brokers = text.split(',').map((item) => item.trim());
  const wrong = brokers.find((broker) => !BROKER.test(broker));
  if (wrong !== undefined) throw reject(`invalid broker ${quoted(wrong)}: brokers are host:port, separated by commas`);
  return brokers;
}

export function readTopic(text: string, reject: Reject): string {
  if (TOPIC.test(text)) return text;
  throw reject(`invalid topic ${quoted(text)}: topics are letters, digits, '.', '_' and '-', at most 249`);
}

// A password in an argument is everybody's who runs ps.
export function readRegistryUrl(text: string, reject: Reject): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw reject('invalid address: a registry has an http: or https: address');
  if (url.username || url.password)
    throw reject('the address holds a user name or password: put them into the file of --access');
  return text;
}

/** µs since the epoch, as readTime, or the first record there is. */
export function readStart(text: string, reject: Reject): 'beginning' | number {
  return text === 'beginning' ? text : timeOf(text, reject, "'beginning', ");
}

/** µs since the epoch. Without a zone it is local time, and a date alone is its first moment. */
export function readTime(text: string, reject: Reject): number {
  return timeOf(text, reject, '');
}

function timeOf(text: string, reject: Reject, more: string): number {
  const seconds = SECONDS.test(text) ? Number(text.split('.')[0]) : isoSeconds(text);
  const time = seconds * 1e6 + microseconds(text);
  if (Number.isSafeInteger(time)) return time;
  throw reject(`invalid time ${quoted(text)}: give ${more}seconds since the epoch, or ISO 8601`);
}

/** Those behind the point; further digits are cut off. */
function microseconds(text: string): number {
  const [, digits = ''] = /\.([0-9]+)/.exec(text) ?? [];
  return Number(digits.slice(0, 6).padEnd(6, '0'));
}

function isoSeconds(text: string): number {
  const [date = ''] = ISO_DATE.exec(text) ?? [];
  const time = text.slice(date.length);
  if (!date || (time && !(ISO_TIME.exec(time)?.index === 0))) return Number.NaN;
  // ECMAScript takes a date alone for UTC.
  return Date.parse(`${date}${time.replace(' ', 'T').replace(/\.\d+/, '') || 'T00:00'}`) / 1000;
}
