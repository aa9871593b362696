const HTTP = 'HTTP';

/** What the other side speaks in place of what it should, by the first bytes that it sends. */
export function languageOf(bytes: Buffer): 'TLS' | 'HTTP' | undefined {
  // Record type 21 (alert), version 3.x: RFC 8446, 5.1.
  if (bytes[0] === 21 && bytes[1] === 3) return 'TLS';
  return bytes.subarray(0, HTTP.length).toString('latin1') === HTTP ? HTTP : undefined;
}
