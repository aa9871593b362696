// Avro's binary encoding, and text that is always UTF-8. Each writer answers the byte behind what it wrote.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace acceptstream {

// Most bytes of an int, a long or a string's length.
constexpr size_t kNumberMax = 10;

// Most bytes of `length` arbitrary ones when each becomes U+FFFD.
constexpr size_t repaired_max(size_t length) { return 3 * length; }

// The longest text that put_text takes.
constexpr size_t kTextMax = 1100;

// Avro int and long: zigzag, then 7 bits a byte, low first.
inline uint8_t *put(uint8_t *out, int64_t value) {
  uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    *out++ = static_cast<uint8_t>(bits | 0x80);
    bits >>= 7;
  }
  *out++ = static_cast<uint8_t>(bits);
  return out;
}

inline uint8_t *put_bool(uint8_t *out, bool value) {
  *out++ = value;
  return out;
}

inline uint8_t *put_bytes(uint8_t *out, std::string_view text) {
  out = put(out, static_cast<int64_t>(text.size()));
  memcpy(out, text.data(), text.size());
  return out + text.size();
}

inline uint64_t word_at(const char *text) {
  uint64_t word;
  memcpy(&word, text, sizeof(word));
  return word;
}

inline uint8_t *put_made(uint8_t *out, const std::string &made) {
  memcpy(out, made.data(), made.size());
  return out + made.size();
}

// Kernel strings are arbitrary bytes: each that is not UTF-8 becomes one U+FFFD. At most kTextMax of them.
uint8_t *put_text(uint8_t *out, std::string_view text);

// What put_text puts, to be kept and put again.
std::string avro_text(std::string_view text);

// The name of a thread or process: up to the first NUL of 16 bytes.
uint8_t *put_comm(uint8_t *out, const char *comm);

}  // namespace acceptstream
