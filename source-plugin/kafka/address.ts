// kafkajs cuts an address at its first colon: through it those of an IPv6 address go as bars, which no host name has.
const BAR = '|';

/** A broker as kafkajs takes it; a broker is host:port or [IPv6 address]:port. */
export function encodeBroker(broker: string): string {
  const [, address, port] = /^\[(.*)\]:(\d+)$/.exec(broker) ?? [];
  return address === undefined ? broker : `${address.replaceAll(':', BAR)}:${port}`;
}

/** The host that kafkajs wants to be connected to. */
export function decodeHost(host: string): string {
  return host.replaceAll(BAR, ':');
}

/** A broker of kafkajs's errors, which may also be one that another broker has named. */
export function decodeBroker(broker: string): string {
  const at = broker.lastIndexOf(':');
  const host = decodeHost(broker.slice(0, at));
  return host.includes(':') ? `[${host}]${broker.slice(at)}` : broker;
}
