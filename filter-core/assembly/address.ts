import { IP_VERSION, LOCAL_ADDRESS, REMOTE_ADDRESS } from './fields';
import { parse } from './inet';
import { int, textLength, textStart } from './memory';

// Addresses are text, as inet_ntop writes it.

const MAPPED: u64 = 0x3a666666663a3a; // ::ffff:
const MAPPED_BYTES: i32 = 7;
const LOOPBACK_4: u32 = 0x2e373231; // 127.
const LOOPBACK_6: u32 = 0x313a3a; // ::1
const POINT: u8 = 0x2e;
const SLASH: u8 = 0x2f;
const DIGITS: i32 = 10;

/** Digits and points, as many as an IPv4 address can have. */
function isFour(text: usize, length: i32): bool {
  if (length < 7 || length > 15) return false;
  for (let at = text; at < text + length; at++) {
    const byte: u8 = load<u8>(at);
    if (byte !== POINT && <u8>(byte - SLASH - 1) >= <u8>DIGITS) return false;
  }
  return true;
}

/** Bytes in front of the IPv4 address that an IPv6 one stands for (::ffff:a.b.c.d); 0 when it is itself. */
export function mappedBytes(field: i32): i32 {
  const text = textStart(field);
  if (load<u64>(text) << 8 !== MAPPED << 8) return 0;
  return isFour(text + MAPPED_BYTES, textLength(field) - MAPPED_BYTES) ? MAPPED_BYTES : 0;
}

/** Longest address of OCSF's ip_t. */
const IP_BYTES: i32 = 40;

/** Whether the text is an IP address, and no other writer's name for an end. */
export function isIp(field: i32): bool {
  const skipped = mappedBytes(field);
  const length = textLength(field) - skipped;
  return length <= IP_BYTES && parse(textStart(field) + skipped, length);
}

/** 4 or 6 by the addresses, where a mapped one is 4; 0 when the socket's is neither. */
export function family(): i32 {
  const version = int(IP_VERSION);
  if (version === 6) return mappedBytes(REMOTE_ADDRESS) > 0 ? 4 : 6;
  return version === 4 ? 4 : 0;
}

function isLoopback(text: usize, length: i32): bool {
  const start = load<u32>(text);
  return (length > 4 && start === LOOPBACK_4) || (length === 3 && (start & 0xffffff) === LOOPBACK_6);
}

/** Whether both ends are this host: the peer has a loopback address, or the one it connected to. */
export function isLocal(): bool {
  const skipped = mappedBytes(REMOTE_ADDRESS);
  const remote = textStart(REMOTE_ADDRESS);
  const length = textLength(REMOTE_ADDRESS);
  if (isLoopback(remote + skipped, length - skipped)) return true;
  if (length === 0 || length !== textLength(LOCAL_ADDRESS)) return false;
  return memory.compare(remote, textStart(LOCAL_ADDRESS), length) === 0;
}

/** Whether both ends have the same address, mapped or not. */
export function haveSameAddress(): bool {
  const skipped = mappedBytes(REMOTE_ADDRESS);
  const skippedOfLocal = mappedBytes(LOCAL_ADDRESS);
  const length = textLength(REMOTE_ADDRESS) - skipped;
  if (length !== textLength(LOCAL_ADDRESS) - skippedOfLocal) return false;
  const local = textStart(LOCAL_ADDRESS) + skippedOfLocal;
  return memory.compare(textStart(REMOTE_ADDRESS) + skipped, local, length) === 0;
}
