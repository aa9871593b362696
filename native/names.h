// The names behind an event (bpf/event.h) as paths.
#pragma once
#include <cstddef>
#include <string_view>

#include "../bpf/event.h"

namespace acceptstream {

// Most bytes of a path: as many as its names have with their NULs, and what stands before and behind them.
constexpr size_t kPathMax = ACCEPT_NAMES_BYTES + sizeof("…") + sizeof(" (deleted)");

// Whether the `bytes` behind the event are what its lengths say, and each list ends with a NUL.
bool has_names(const accept_event &event, size_t bytes);

// The names of the cgroup and of the executable as they stand behind the event.
inline std::string_view names_of(const accept_event &event) {
  return {reinterpret_cast<const char *>(&event + 1), size_t{event.cgroup_length} + event.exe_length};
}

// Name of the cgroup itself, empty for the root.
std::string_view cgroup_leaf(const accept_event &event);

// Path of the cgroup from the root of the hierarchy, "/" for the root itself; "…/b/c" where it was cut.
// Writes nothing when it is unknown. Returns the end of the text, as the next does.
char *write_cgroup_path(const accept_event &event, char *out);

// Path of the executable in its mount namespace, with " (deleted)" behind it when it is; cut as the cgroup's.
// Writes nothing for a thread of the kernel and when it is unknown.
char *write_exe_path(const accept_event &event, char *out);

}  // namespace acceptstream
