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

/** ms since the epoch. Without a zone it is local time, and a date alone is its first moment. */
export function readStart(text: string, reject: Reject): 'beginning' | number {
  if (text === 'beginning') return text;
  const ms = SECONDS.test(text) ? Math.floor(Number(text) * 1000) : isoTime(text);
  if (Number.isSafeInteger(ms)) return ms;
  throw reject(`invalid time ${quoted(text)}: give 'beginning', seconds since the epoch, or ISO 8601`);
}

function isoTime(text: string): number {
  const [date = ''] = ISO_DATE.exec(text) ?? [];
  const time = text.slice(date.length);
  if (!date || (time && !(ISO_TIME.exec(time)?.index === 0))) return Number.NaN;
  // ECMAScript takes a date alone for UTC.
  return Date.parse(`${date}${time.replace(' ', 'T') || 'T00:00'}`);
}
