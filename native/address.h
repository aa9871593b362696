// Addresses as text, byte-equal to glibc's inet_ntop at a tenth of its cost.
#pragma once
#include <cstdint>

namespace acceptstream {

constexpr int kAddressTextMax = 45;

// Writes 4 network-order bytes as dotted quad. Returns the end of the text.
char *write_ipv4(const uint8_t *address, char *out);

// Writes 16 network-order bytes: RFC 5952, with the dotted tail that glibc gives ::ffff:a.b.c.d and ::a.b.c.d.
char *write_ipv6(const uint8_t *address, char *out);

}  // namespace acceptstream
