#include "address.h"

#include <cstring>

namespace acceptstream {

namespace {

constexpr int kGroups = 8;

// Each with what stands behind it, so that it is stored at once.
struct Octets {
  char text[256][4] = {};
  uint8_t length[256] = {};

  constexpr Octets() {
    for (int value = 0; value < 256; value++) {
      uint8_t &at = length[value];
      if (value >= 100) text[value][at++] = static_cast<char>('0' + value / 100);
      if (value >= 10) text[value][at++] = static_cast<char>('0' + value / 10 % 10);
      text[value][at++] = static_cast<char>('0' + value % 10);
      text[value][at++] = '.';
    }
  }
};

struct Hexadecimal {
  char text[256][2] = {};

  constexpr Hexadecimal() {
    for (int value = 0; value < 256; value++) {
      text[value][0] = "0123456789abcdef"[value >> 4];
      text[value][1] = "0123456789abcdef"[value & 15];
    }
  }
};

struct Run {
  int start = kGroups;
  int length = 0;
};

// By a bit for each group that is zero, that of the first one lowest: the first longest run of two or more.
struct Runs {
  Run of[1 << kGroups];

  constexpr Runs() : of{} {
    for (int zeros = 0; zeros < 1 << kGroups; zeros++)
      for (int start = 0; start < kGroups; start++) {
        int length = 0;
        while (zeros >> (start + length) & 1) length++;
        if (length > 1 && length > of[zeros].length) of[zeros] = {start, length};
      }
  }
};

constexpr Octets kOctets;
constexpr Hexadecimal kHexadecimal;
constexpr Runs kRuns;

// A bit for each of four groups of 16 bits that is zero.
uint32_t zeros_in(const uint8_t *groups) {
  constexpr uint64_t kLow = 0x7fff7fff7fff7fff;
  uint64_t word;
  memcpy(&word, groups, sizeof(word));
  const uint64_t zeros = ~(((word & kLow) + kLow) | word | kLow) >> 15;
  return zeros * 0x0001000200040008 >> 48 & 15;
}

// With a colon behind it. Stores five bytes.
char *write_group(const uint8_t *group, char *out) {
  uint32_t text;
  memcpy(&text, kHexadecimal.text[group[0]], 2);
  memcpy(reinterpret_cast<char *>(&text) + 2, kHexadecimal.text[group[1]], 2);
  const uint32_t value = static_cast<uint32_t>(group[0]) << 8 | group[1];
  const int unused = (__builtin_clz(value | 1) - 16) / 4;
  text >>= 8 * unused;
  memcpy(out, &text, sizeof(text));
  out += 4 - unused;
  *out = ':';
  return out + 1;
}

char *write_groups(const uint8_t *groups, const uint8_t *end, char *out) {
  for (; groups < end; groups += 2) out = write_group(groups, out);
  return out;
}

// glibc prints the last 32 bits dotted behind 96 zero bits (::a.b.c.d, if not all but one group is zero) or ::ffff:.
bool has_dotted_tail(const Run &zeros, const uint8_t *address) {
  if (zeros.start != 0) return false;
  return zeros.length == 6 || (zeros.length == 5 && address[10] == 0xff && address[11] == 0xff);
}

}  // namespace

char *write_ipv4(const uint8_t *address, char *out) {
  for (int i = 0; i < 4; i++) {
    memcpy(out, kOctets.text[address[i]], sizeof(kOctets.text[0]));
    out += kOctets.length[address[i]];
  }
  return out - 1;
}

char *write_ipv6(const uint8_t *address, char *out) {
  const Run &zeros = kRuns.of[zeros_in(address) | zeros_in(address + 8) << 4];
  out = write_groups(address, address + 2 * zeros.start, out);
  if (!zeros.length) return out - 1;
  if (zeros.start == 0) *out++ = ':';
  *out++ = ':';
  const uint8_t *const behind = address + 2 * (zeros.start + zeros.length);
  if (has_dotted_tail(zeros, address)) return write_ipv4(address + 12, write_groups(behind, address + 12, out));
  return behind < address + 16 ? write_groups(behind, address + 16, out) - 1 : out;
}

}  // namespace acceptstream
