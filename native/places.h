// Where a process lives: cgroup_path, exe and container_id of a record, made of an event's names.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../bpf/event.h"
#include "avro.h"
#include "container_id.h"
#include "names.h"

namespace acceptstream {

// A server accepts many times: what was made of the same names is kept. Belongs to one thread.
class Places {
 public:
  // Most bytes of the three fields.
  static constexpr size_t kMax = 2 * (kNumberMax + repaired_max(kPathMax)) + kNumberMax + kContainerIdBytes;

  // Puts the three fields. Returns the end.
  uint8_t *put(const accept_event &event, uint8_t *out);

 private:
  static constexpr size_t kNamesMax = 320;
  static constexpr size_t kFieldsMax = 448;

  struct Kept {
    uint64_t shape = 0;  // 0: nothing is kept here
    uint16_t bytes = 0;
    uint8_t names[kNamesMax];
    uint8_t fields[kFieldsMax];
  };

  // Names have one place each; others with the same place take it over.
  std::vector<Kept> kept_ = std::vector<Kept>(128);
};

}  // namespace acceptstream
