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

constexpr uint64_t kHighBits = 0x8080808080808080;

// The longest text that put_text takes.
constexpr size_t kTextMax = 1100;

// Puts 7 bits a byte, low first, each but the last with its high bit set.
uint8_t *put_sevens(uint8_t *out, uint64_t bits);

// Avro int and long: zigzag, then sevens; up to eight at once, however many there are: loops of changing length are
// guessed wrong. Stores kNumberMax bytes at most.
inline uint8_t *put(uint8_t *out, int64_t value) {
  const uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  if (bits < 0x80) {
    *out = static_cast<uint8_t>(bits);
    return out + 1;
  }
  if (bits >> 56) return put_sevens(out, bits);
  // The highest bit's position over seven.
  const unsigned last = (63 - static_cast<unsigned>(__builtin_clzll(bits))) * 37 >> 8;
  // Upper halves move up by four bits, two and one, which is what adding them 15, 3 and 1 times does.
  const uint64_t halves = bits + 15 * (bits & ~uint64_t{0xfffffff});
  const uint64_t fourteens = halves + 3 * (halves & 0xfffc0000fffc000);
  const uint64_t sevens = fourteens + (fourteens & 0x3f803f803f803f80);
  const uint64_t bytes = sevens | kHighBits >> (-8 * last & 63);
  memcpy(out, &bytes, sizeof(bytes));
  return out + last + 1;
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

// What was put once, to be put again: texts with their lengths.
class Made {
 public:
  Made() = default;
  explicit Made(const std::string &bytes);

  size_t size() const { return size_; }

  // Copies whole blocks: stores less than kBlock bytes more.
  uint8_t *put(uint8_t *out) const {
    for (size_t at = 0; at < size_; at += kBlock) memcpy(out + at, blocks_.data() + at, kBlock);
    return out + size_;
  }

  static constexpr size_t kBlock = 32;

 private:
  size_t size_ = 0;
  std::string blocks_;
};

// Kernel strings are arbitrary bytes: each that is not UTF-8 becomes one U+FFFD. At most kTextMax of them.
uint8_t *put_text(uint8_t *out, std::string_view text);

// What put_text puts, to be kept and put again.
std::string avro_text(std::string_view text);

// The name of a thread or process: up to the first NUL of 16 bytes.
uint8_t *put_comm(uint8_t *out, const char *comm);

}  // namespace acceptstream
