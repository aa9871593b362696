// The kernel's filters: what the loader sets before load, and the maps it fills behind it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

struct bpf_object;

namespace acceptstream {

struct FilterOptions {
  int64_t pid;           // -1 is off
  uint16_t family;       // AF_INET, AF_INET6, 0 is off
  uint8_t cgroups;       // ACCEPT_CGROUPS_ALL, ACCEPT_CGROUPS_LISTED, 0 is off
  bool no_loopback;
  std::string cgroup_map;  // path of a pinned map, empty is off
  std::string mntns_map;
  // 8192 bytes, empty is off.
  std::vector<uint8_t> port_bits;
  std::vector<uint8_t> remote_port_bits;
  // Keys and values of the maps back to back, empty is off.
  std::vector<uint8_t> uids;
  std::vector<uint8_t> comms;
  std::vector<uint8_t> netns;
  std::vector<uint8_t> nets;
  std::vector<uint8_t> cgroup_steps;
};

// Before load. Returns 0 or -errno, as the next does.
int set_filter(bpf_object *object, const FilterOptions &options);

// After load, before anything is attached.
int fill_filter(bpf_object *object, const FilterOptions &options);

}  // namespace acceptstream
