// Where a process lives: cgroup, cgroup_path, exe and container_id of a record, made of an event's names.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../bpf/event.h"
#include "avro.h"
#include "container_id.h"
#include "names.h"

namespace acceptstream {

// The fields as they stand in a datum.
struct Place {
  // Most bytes of all of them.
  static constexpr size_t kMax =
      2 * (kNumberMax + repaired_max(kPathMax)) + 2 * kNumberMax + repaired_max(ACCEPT_NAME_BYTES) + kContainerIdBytes;

  uint64_t shape = 0;  // 0: nothing is kept here
  std::string names;
  Made cgroup;
  Made labels;  // cgroup_path, exe, container_id
};

// A server accepts many times: what was made of the same names is kept. Belongs to one thread.
class Places {
 public:
  // Valid until the next call.
  const Place &find(const accept_event &event);

 private:
  // Names have one place each; others with the same place take it over.
  std::vector<Place> kept_ = std::vector<Place>(128);
};

}  // namespace acceptstream
