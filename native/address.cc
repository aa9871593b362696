#include "address.h"

#include <cstring>

namespace acceptstream {

namespace {

struct Run {
  int start;
  int length;
};

struct Octet {
  char text[3] = {};
  uint8_t length = 0;
};

struct Octets {
  Octet of[256];

  constexpr Octets() : of{} {
    for (int value = 0; value < 256; value++) {
      Octet &octet = of[value];
      if (value >= 100) octet.text[octet.length++] = static_cast<char>('0' + value / 100);
      if (value >= 10) octet.text[octet.length++] = static_cast<char>('0' + value / 10 % 10);
      octet.text[octet.length++] = static_cast<char>('0' + value % 10);
    }
  }
};

constexpr Octets kOctets;

// Stores three bytes whatever the length: still inside what the longest address takes.
char *write_octet(uint8_t value, char *out) {
  const Octet &octet = kOctets.of[value];
  memcpy(out, octet.text, sizeof(octet.text));
  return out + octet.length;
}

char *write_group(uint16_t value, char *out) {
  static const char digits[] = "0123456789abcdef";
  if (value >= 0x1000) *out++ = digits[value >> 12];
  if (value >= 0x100) *out++ = digits[value >> 8 & 15];
  if (value >= 0x10) *out++ = digits[value >> 4 & 15];
  *out++ = digits[value & 15];
  return out;
}

// The first longest run of two or more zero groups; length 0 when there is none.
Run longest_zero_run(const uint16_t *groups) {
  Run best = {-1, 1};
  for (int i = 0; i < 8; i++) {
    int length = 0;
    while (i + length < 8 && groups[i + length] == 0) length++;
    if (length > best.length) best = {i, length};
    i += length;
  }
  return best.start < 0 ? Run{-1, 0} : best;
}

// glibc prints the last 32 bits dotted behind 96 zero bits (::a.b.c.d, if not all but one group is zero) or ::ffff:.
bool has_dotted_tail(Run zeros, const uint16_t *groups) {
  return zeros.start == 0 && (zeros.length == 6 || (zeros.length == 5 && groups[5] == 0xffff));
}

}  // namespace

char *write_ipv4(const uint8_t *address, char *out) {
  for (int i = 0; i < 4; i++) {
    if (i) *out++ = '.';
    out = write_octet(address[i], out);
  }
  return out;
}

char *write_ipv6(const uint8_t *address, char *out) {
  uint16_t groups[8];
  for (int i = 0; i < 8; i++) groups[i] = static_cast<uint16_t>(address[2 * i] << 8 | address[2 * i + 1]);
  const Run zeros = longest_zero_run(groups);
  const int end = has_dotted_tail(zeros, groups) ? 6 : 8;
  for (int i = 0; i < end; i++) {
    if (i == zeros.start) {
      *out++ = ':';
      i += zeros.length - 1;
      if (i == 7) *out++ = ':';
      continue;
    }
    if (i) *out++ = ':';
    out = write_group(groups[i], out);
  }
  if (end == 8) return out;
  *out++ = ':';
  return write_ipv4(address + 12, out);
}

}  // namespace acceptstream
