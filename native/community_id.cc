#include "community_id.h"

#include <sha1.h>

#include <cstdint>
#include <cstring>
#include <utility>

namespace acceptstream {

namespace {

constexpr uint8_t kTcp = 6;
constexpr size_t kSeedBytes = 2;

struct Endpoint {
  const uint8_t *address;
  uint16_t port;
};

bool is_mapped(const uint8_t *address) {
  static const uint8_t prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return !memcmp(address, prefix, sizeof(prefix));
}

bool is_before(const Endpoint &one, const Endpoint &other, size_t bytes) {
  const int order = memcmp(one.address, other.address, bytes);
  return order < 0 || (order == 0 && one.port < other.port);
}

uint8_t *put_port(uint8_t *out, uint16_t port) {
  *out++ = static_cast<uint8_t>(port >> 8);
  *out++ = static_cast<uint8_t>(port);
  return out;
}

// The one block that is hashed: seed, addresses, protocol, a zero, ports; then SHA-1's end mark and length in bits
// (RFC 3174, section 4). libmd's own padding takes three times as long as the hash.
void fill_block(uint8_t *block, const Endpoint *ends, size_t bytes) {
  uint8_t *out = block + kSeedBytes;
  for (int i = 0; i < 2; i++, out += bytes) memcpy(out, ends[i].address, bytes);
  *out++ = kTcp;
  *out++ = 0;
  for (int i = 0; i < 2; i++) out = put_port(out, ends[i].port);
  const size_t bits = static_cast<size_t>(out - block) * 8;
  *out = 0x80;
  put_port(block + SHA1_BLOCK_LENGTH - 2, static_cast<uint16_t>(bits));
}

// SHA-1's five words as RFC 4648's base64: six bits a character, the last one of four and two zero bits.
char *write_base64(const uint32_t *words, char *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint64_t bits = 0;
  int held = 0;
  for (int i = 0; i < 5; i++) {
    bits = bits << 32 | words[i];
    for (held += 32; held >= 6; held -= 6) *out++ = digits[bits >> (held - 6) & 63];
  }
  *out++ = digits[bits << (6 - held) & 63];
  *out++ = '=';
  return out;
}

}  // namespace

char *write_community_id(const accept_event &event, char *out) {
  Endpoint ends[] = {{event.remote_address, event.remote_port}, {event.local_address, event.local_port}};
  size_t bytes = event.ip_version == 4 ? 4 : 16;
  if (bytes == 16 && is_mapped(ends[0].address) && is_mapped(ends[1].address)) {
    bytes = 4;
    for (Endpoint &end : ends) end.address += 12;
  }
  if (is_before(ends[1], ends[0], bytes)) std::swap(ends[0], ends[1]);
  uint8_t block[SHA1_BLOCK_LENGTH] = {};
  fill_block(block, ends, bytes);
  SHA1_CTX hash;
  SHA1Init(&hash);
  SHA1Transform(hash.state, block);
  *out++ = '1';
  *out++ = ':';
  return write_base64(hash.state, out);
}

}  // namespace acceptstream
