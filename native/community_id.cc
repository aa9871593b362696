#include "community_id.h"

#include <endian.h>

#include <cstdint>
#include <cstring>
#include <utility>

// Node's own OpenSSL, whose names a Node executable gives to addons: with the CPU's instructions for SHA-1.
// SHA_CTX of <openssl/sha.h>, which is not where Node's headers are: the state first.
struct OpensslSha1 {
  uint32_t words[5];
  uint32_t rest[19];
};
extern "C" int SHA1_Init(OpensslSha1 *hash);
extern "C" void SHA1_Transform(OpensslSha1 *hash, const uint8_t *block);

namespace acceptstream {

namespace {

constexpr uint64_t kTcp = 6;
constexpr uint64_t kSeed = 0;
constexpr uint64_t kEndMark = 0x80;
constexpr size_t kDigits = 27;

// As numbers, which order as their bytes in network order do. An IPv4 address is in the last four bytes.
struct Endpoint {
  uint64_t high;
  uint64_t low;
  uint16_t port;
};

uint64_t big_endian(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof(word));
  return be64toh(word);
}

Endpoint endpoint_of(uint8_t version, const uint8_t *address, uint16_t port) {
  if (version == 4) return {0, big_endian(address) >> 32, port};
  return {big_endian(address), big_endian(address + 8), port};
}

bool is_mapped(const Endpoint &end) { return end.high == 0 && end.low >> 32 == 0xffff; }

bool is_before(const Endpoint &one, const Endpoint &other) {
  if (one.high != other.high) return one.high < other.high;
  return one.low != other.low ? one.low < other.low : one.port < other.port;
}

using Words = uint64_t __attribute__((vector_size(16)));

Words network_order(uint64_t first, uint64_t second) { return Words{htobe64(first), htobe64(second)}; }

// The one block that is hashed: seed, addresses, protocol, a zero, ports; then SHA-1's end mark and length in bits
// (RFC 3174, section 4). OpenSSL's own padding takes a fifth of the hash's time.
// Stored by the 16 bytes that the hash reads: it would wait for smaller ones to reach the cache.
void fill_block(Words *block, const Endpoint *ends, bool is_ipv4) {
  const uint64_t tail = kTcp << 56 | uint64_t{ends[0].port} << 32 | uint64_t{ends[1].port} << 16 | kEndMark << 8;
  if (is_ipv4) {
    const uint64_t both = ends[0].low << 32 | (ends[1].low & 0xffffffff);
    block[0] = network_order(kSeed << 48 | both >> 16, both << 48 | tail >> 16);
    block[1] = network_order(tail << 48, 0);
    block[2] = network_order(0, 0);
    block[3] = network_order(0, 128);
    return;
  }
  block[0] = network_order(kSeed << 48 | ends[0].high >> 16, ends[0].high << 48 | ends[0].low >> 16);
  block[1] = network_order(ends[0].low << 48 | ends[1].high >> 16, ends[1].high << 48 | ends[1].low >> 16);
  block[2] = network_order(ends[1].low << 48 | tail >> 16, tail << 48);
  block[3] = network_order(0, 320);
}

using Digits = int8_t __attribute__((vector_size(16)));

// Six bits in each byte of the lower 48 bits, the first in the lowest byte.
uint64_t sixes_of(uint64_t bits) {
  const uint64_t fours = (bits & 0xffffff) | (bits & 0xffffff000000) << 8;
  const uint64_t twos = (fours & 0xfff00000fff) | (fours & 0xfff00000fff000) << 4;
  return htole64(__builtin_bswap64((twos & 0x3f003f003f003f) | (twos & 0xfc00fc00fc00fc0) << 2));
}

// Base64's digits (RFC 4648) for sixteen times six bits: A-Z, a-z, 0-9, + and /.
char *write_digits(uint64_t first, uint64_t second, char *out) {
  const Digits value = reinterpret_cast<Digits>(Words{sixes_of(first), sixes_of(second)});
  const Digits text = value + 'A' + ((value > 25) & ('a' - 'Z' - 1)) + ((value > 51) & ('0' - 'z' - 1)) +
                      ((value > 61) & ('+' - '9' - 1)) + ((value > 62) & ('/' - '+' - 1));
  memcpy(out, &text, sizeof(text));
  return out + sizeof(text);
}

// SHA-1's five words, 48 bits at a time.
char *write_base64(const uint32_t *words, char *out) {
  out = write_digits(uint64_t{words[0]} << 16 | words[1] >> 16, uint64_t{words[1] & 0xffff} << 32 | words[2], out);
  // The last five are not wanted.
  write_digits(uint64_t{words[3]} << 16 | words[4] >> 16, uint64_t{words[4] & 0xffff} << 32, out);
  out += kDigits - 16;
  *out = '=';
  return out + 1;
}

OpensslSha1 started() {
  OpensslSha1 hash;
  SHA1_Init(&hash);
  return hash;
}

}  // namespace

char *write_community_id(const accept_event &event, char *out) {
  Endpoint ends[] = {endpoint_of(event.ip_version, event.remote_address, event.remote_port),
                     endpoint_of(event.ip_version, event.local_address, event.local_port)};
  const bool is_ipv4 = event.ip_version == 4 || (is_mapped(ends[0]) && is_mapped(ends[1]));
  if (is_before(ends[1], ends[0])) std::swap(ends[0], ends[1]);
  static const OpensslSha1 start = started();
  Words block[4];
  fill_block(block, ends, is_ipv4);
  OpensslSha1 hash;
  memcpy(hash.words, start.words, sizeof(hash.words));
  SHA1_Transform(&hash, reinterpret_cast<const uint8_t *>(block));
  *out++ = '1';
  *out++ = ':';
  return write_base64(hash.words, out);
}

}  // namespace acceptstream
