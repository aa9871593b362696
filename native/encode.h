// Kernel event → Avro datum of schemas/accept.avsc. The order of the puts is the schema's. Belongs to one thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "../bpf/event.h"
#include "clock.h"
#include "places.h"
#include "user_names.h"

namespace acceptstream {

struct Identity {
  std::string host;
  std::string host_id;
  std::string capture_id;
  std::string boot_id;  // of this boot of the kernel, empty when unknown

  bool operator==(const Identity &other) const {
    return host == other.host && host_id == other.host_id && capture_id == other.capture_id && boot_id == other.boot_id;
  }
};

class Encoder {
 public:
  // Strings are valid UTF-8.
  explicit Encoder(const Identity &identity);

  WallClock &clock() { return clock_; }
  const Identity &identity() const { return identity_; }

  // Most bytes that one datum takes.
  size_t datum_max() const { return datum_max_; }

  // Encodes the event of `length` bytes to `out`, which has datum_max() bytes.
  // Returns the end of the datum, nullptr when the event has another layout.
  uint8_t *encode(const uint8_t *event, size_t length, uint8_t *out);

 private:
  Identity identity_;
  Made origin_;  // host, host_id and capture_id as they stand in every datum
  WallClock clock_;
  Places places_;
  UserNames user_names_;
  size_t datum_max_;
};

// Name of an accept_hook, nullptr for an unknown one.
const char *hook_name(uint8_t hook);

}  // namespace acceptstream
