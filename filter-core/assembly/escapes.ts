import { hexDigit } from './inet';

// What JSON's strings stand for, in UTF-8.

const BACKSLASH: u8 = 0x5c;
const LETTER_U: u8 = 0x75;
const REPLACEMENT: u32 = 0xfffd;
const UNICODE_ESCAPE: u16 = 0x755c; // \u

/** The UTF-16 unit of four hexadecimal digits. */
function unitAt(at: usize): u32 {
  let unit: u32 = 0;
  for (let digit: usize = 0; digit < 4; digit++) unit = (unit << 4) | hexDigit(load<u8>(at + digit));
  return unit;
}

function writeTail(out: usize, code: u32, bytes: i32): usize {
  for (let shift = 6 * (bytes - 1); shift >= 0; shift -= 6) store<u8>(out++, <u8>(0x80 | ((code >> shift) & 0x3f)));
  return out;
}

function writeCode(out: usize, code: u32): usize {
  const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  if (bytes === 1) {
    store<u8>(out, <u8>code);
    return out + 1;
  }
  store<u8>(out, <u8>((0xf00 >> bytes) | (code >> (6 * (bytes - 1)))));
  return writeTail(out + 1, code, bytes - 1);
}

/** What stands behind a backslash, but for u. */
function controlOf(letter: u8): u8 {
  if (letter === 0x62) return 0x08; // b
  if (letter === 0x66) return 0x0c; // f
  if (letter === 0x6e) return 0x0a; // n
  if (letter === 0x72) return 0x0d; // r
  return letter === 0x74 ? 0x09 : letter; // t
}

/** Puts a checked string's text in its place; answers the byte behind. Half a surrogate pair is U+FFFD. */
export function resolveEscapes(text: usize, end: usize): usize {
  let out = text;
  while (text < end) {
    const byte = load<u8>(text++);
    if (byte !== BACKSLASH) {
      store<u8>(out++, byte);
      continue;
    }
    const letter = load<u8>(text++);
    if (letter !== LETTER_U) {
      store<u8>(out++, controlOf(letter));
      continue;
    }
    let code = unitAt(text);
    text += 4;
    const isHigh = (code & 0xfc00) === 0xd800;
    const low = isHigh && end - text >= 6 && load<u16>(text) === UNICODE_ESCAPE ? unitAt(text + 2) : 0;
    if ((low & 0xfc00) === 0xdc00) {
      code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
      text += 6;
    } else if ((code & 0xf800) === 0xd800) code = REPLACEMENT;
    out = writeCode(out, code);
  }
  return out;
}
