#include "entity_id.h"

#include <cstring>

#include "avro.h"

namespace acceptstream {

namespace {

// The longest text whose length has one byte.
constexpr size_t kShortMax = 63;

constexpr uint64_t kEightDigits = 100'000'000;
constexpr uint64_t kZeros = 0x3030303030303030;

// The digits of a number below 10^8, the first one in the lowest byte: halves are split into quarters, all at once.
uint64_t digits_of(uint32_t value) {
  const uint64_t fours = value / 10'000 | uint64_t{value % 10'000} << 32;
  const uint64_t hundreds = (fours * 10'486 >> 20) & 0x7f'0000'007f;
  const uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const uint64_t tens = (twos * 103 >> 10) & 0x000f'000f'000f'000f;
  return tens | (twos - 10 * tens) << 8;
}

// Of a number below 10^8, without the zeros in front. Stores a whole word, as the next does.
char *write_first(uint32_t value, char *out) {
  const uint64_t digits = digits_of(value);
  const int unused = __builtin_ctzll(digits | uint64_t{1} << 56) / 8;
  const uint64_t text = (digits | kZeros) >> 8 * unused;
  memcpy(out, &text, sizeof(text));
  return out + sizeof(text) - unused;
}

char *write_rest(uint32_t value, char *out) {
  const uint64_t text = digits_of(value) | kZeros;
  memcpy(out, &text, sizeof(text));
  return out + sizeof(text);
}

// Stores seven bytes past the end at most.
char *write_decimal(uint64_t value, char *out) {
  if (value < kEightDigits) return write_first(static_cast<uint32_t>(value), out);
  const uint64_t upper = value / kEightDigits;
  out = upper < kEightDigits ? write_first(static_cast<uint32_t>(upper), out) : write_decimal(upper, out);
  return write_rest(static_cast<uint32_t>(value % kEightDigits), out);
}

}  // namespace

uint8_t *put_entity_id(uint8_t *out, const accept_event &event, const std::string &boot_id) {
  if (boot_id.size() != kBootIdBytes || !event.process_start_ns) return put_bytes(out, {});
  char *const text = reinterpret_cast<char *>(out + 1);
  memcpy(text, boot_id.data(), kBootIdBytes);
  char *at = text + kBootIdBytes;
  *at++ = ':';
  at = write_decimal(event.pid, at);
  *at++ = ':';
  at = write_decimal(event.process_start_ns, at);
  const size_t length = static_cast<size_t>(at - text);
  if (length > kShortMax) return put_bytes(out, std::string(text, length));
  put(out, static_cast<int64_t>(length));
  return reinterpret_cast<uint8_t *>(at);
}

}  // namespace acceptstream
