#include "reader_filter.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "../bpf/event.h"

namespace acceptstream {

namespace {

struct Table {
  const char *map;
  std::vector<uint8_t> FilterOptions::*entries;
};

constexpr Table kTables[] = {
    {"uid_set", &FilterOptions::uids},   {"comm_set", &FilterOptions::comms},
    {"netns_set", &FilterOptions::netns}, {"nets", &FilterOptions::nets},
    {"cgroup_steps", &FilterOptions::cgroup_steps},
};

size_t entry_bytes(const bpf_map *map) { return bpf_map__key_size(map) + bpf_map__value_size(map); }

// Which flags the networks of each side have, by their keys and values.
void set_sides(const std::vector<uint8_t> &nets, uint8_t *sides) {
  constexpr size_t kEntry = sizeof(accept_net) + 1;
  for (size_t at = 0; at + kEntry <= nets.size(); at += kEntry)
    sides[nets[at + offsetof(accept_net, side)]] |= nets[at + sizeof(accept_net)];
}

accept_filter filter_of(const FilterOptions &options) {
  accept_filter filter = {};
  filter.pid = options.pid;
  filter.family = options.family;
  filter.ports = !options.port_bits.empty();
  filter.remote_ports = !options.remote_port_bits.empty();
  filter.uids = !options.uids.empty();
  filter.comms = !options.comms.empty();
  filter.netns = !options.netns.empty();
  filter.no_loopback = options.no_loopback;
  filter.cgroups = options.cgroups;
  filter.cgroup_map = !options.cgroup_map.empty();
  filter.mntns_map = !options.mntns_map.empty();
  set_sides(options.nets, filter.nets);
  const auto bytes_of = [](__u64 *bits) { return reinterpret_cast<uint8_t *>(bits); };
  std::copy(options.port_bits.begin(), options.port_bits.end(), bytes_of(filter.port_bits));
  std::copy(options.remote_port_bits.begin(), options.remote_port_bits.end(), bytes_of(filter.remote_port_bits));
  return filter;
}

int fill(const bpf_map *map, const std::vector<uint8_t> &entries) {
  const size_t bytes = entry_bytes(map);
  for (size_t at = 0; at + bytes <= entries.size(); at += bytes) {
    const uint8_t *key = entries.data() + at;
    const int error = bpf_map_update_elem(bpf_map__fd(map), key, key + bpf_map__key_size(map), BPF_ANY);
    if (error) return error;
  }
  return 0;
}

}  // namespace

int set_filter(bpf_object *object, const FilterOptions &options) {
  const accept_filter filter = filter_of(options);
  int error = bpf_map__set_initial_value(bpf_object__find_map_by_name(object, ".rodata.filter"), &filter, sizeof(filter));
  for (const Table &table : kTables) {
    bpf_map *map = bpf_object__find_map_by_name(object, table.map);
    const size_t entries = (options.*table.entries).size() / entry_bytes(map);
    if (!error) error = bpf_map__set_max_entries(map, static_cast<uint32_t>(std::max<size_t>(entries, 1)));
  }
  return error;
}

int fill_filter(bpf_object *object, const FilterOptions &options) {
  for (const Table &table : kTables) {
    const int error = fill(bpf_object__find_map_by_name(object, table.map), options.*table.entries);
    if (error) return error;
  }
  return 0;
}

}  // namespace acceptstream
