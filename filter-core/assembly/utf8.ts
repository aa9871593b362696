function isContinuation(at: usize, end: usize): bool {
  return at < end && (load<u8>(at) & 0xc0) === 0x80;
}

/** Bounds of the second byte that rule out overlong forms, surrogates and what lies past U+10FFFF (RFC 3629). */
function secondFits(lead: u32, second: u32): bool {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second < 0xa0;
  if (lead === 0xf0) return second >= 0x90;
  return lead !== 0xf4 || second < 0x90;
}

/** Bytes of the UTF-8 character at `at`; 0 when there is none. */
export function characterBytes(at: usize, end: usize): i32 {
  const lead: u32 = load<u8>(at);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4 || !isContinuation(at + 1, end)) return 0;
  if (lead < 0xe0) return 2;
  if (!secondFits(lead, load<u8>(at, 1)) || !isContinuation(at + 2, end)) return 0;
  if (lead < 0xf0) return 3;
  return isContinuation(at + 3, end) ? 4 : 0;
}
