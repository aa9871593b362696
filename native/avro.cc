#include "avro.h"

namespace acceptstream {

namespace {

// Length of the UTF-8 sequence at `at` (RFC 3629), 0 when the byte there starts none.
size_t utf8_sequence(const uint8_t *at, const uint8_t *end) {
  const uint8_t first = *at;
  if (first < 0x80) return 1;
  const size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (!length || length > static_cast<size_t>(end - at)) return 0;
  const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (at[1] < low || at[1] > high) return 0;
  for (size_t i = 2; i < length; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  return length;
}

// Eight bytes at a time, the last eight twice in part.
bool is_ascii(std::string_view text) {
  uint64_t bits = 0;
  if (text.size() < 8) {
    for (const char byte : text) bits |= static_cast<uint8_t>(byte);
  } else {
    for (size_t i = 0; i + 8 < text.size(); i += 8) bits |= word_at(text.data() + i);
    bits |= word_at(text.data() + text.size() - 8);
  }
  return !(bits & kHighBits);
}

uint8_t *put_repaired(uint8_t *out, std::string_view text) {
  char repaired[repaired_max(kTextMax)];
  char *to = repaired;
  const uint8_t *at = reinterpret_cast<const uint8_t *>(text.data());
  for (const uint8_t *const end = at + text.size(); at < end;) {
    const size_t sequence = utf8_sequence(at, end);
    memcpy(to, sequence ? reinterpret_cast<const char *>(at) : "\xef\xbf\xbd", sequence ? sequence : 3);
    to += sequence ? sequence : 3;
    at += sequence ? sequence : 1;
  }
  return put_bytes(out, {repaired, static_cast<size_t>(to - repaired)});
}

// The high bit of each byte that is zero, up to the first one at least; of bytes below 0x80.
uint64_t zero_bytes(uint64_t word) { return (word - 0x0101010101010101) & ~word & kHighBits; }

}  // namespace

uint8_t *put_sevens(uint8_t *out, uint64_t bits) {
  while (bits >= 0x80) {
    *out++ = static_cast<uint8_t>(bits | 0x80);
    bits >>= 7;
  }
  *out++ = static_cast<uint8_t>(bits);
  return out;
}

Made::Made(const std::string &bytes) : size_(bytes.size()), blocks_(bytes) {
  blocks_.resize((size_ + kBlock - 1) / kBlock * kBlock);
}

uint8_t *put_text(uint8_t *out, std::string_view text) {
  return is_ascii(text) ? put_bytes(out, text) : put_repaired(out, text);
}

std::string avro_text(std::string_view text) {
  uint8_t put[kNumberMax + repaired_max(kTextMax)];
  return {reinterpret_cast<char *>(put), static_cast<size_t>(put_text(put, text) - put)};
}

uint8_t *put_comm(uint8_t *out, const char *comm) {
  const uint64_t low = word_at(comm);
  const uint64_t high = word_at(comm + 8);
  if ((low | high) & kHighBits) return put_text(out, {comm, strnlen(comm, 16)});
  const uint64_t ends[] = {zero_bytes(low), zero_bytes(high)};
  const int length = ends[0] ? __builtin_ctzll(ends[0]) / 8 : ends[1] ? 8 + __builtin_ctzll(ends[1]) / 8 : 16;
  *out = static_cast<uint8_t>(2 * length);
  memcpy(out + 1, comm, 16);
  return out + 1 + length;
}

}  // namespace acceptstream
