#include "names.h"

#include <cstring>

namespace acceptstream {

namespace {

std::string_view cgroup_names(const accept_event &event) { return names_of(event).substr(0, event.cgroup_length); }

std::string_view exe_names(const accept_event &event) { return names_of(event).substr(event.cgroup_length); }

bool is_whole(std::string_view names) {
  return names.size() <= ACCEPT_NAMES_BYTES && (names.empty() || names.back() == '\0');
}

char *put(std::string_view text, char *out) {
  memcpy(out, text.data(), text.size());
  return out + text.size();
}

// The slash before a name takes the place of the NUL behind it, so a path is as long as its names.
char *put_path(std::string_view names, bool cut, char *out) {
  if (cut) out = put("…", out);
  char *const end = out + names.size();
  for (char *to = end; !names.empty();) {
    const size_t length = names.find('\0');
    to -= length + 1;
    *to = '/';
    memcpy(to + 1, names.data(), length);
    names.remove_prefix(length + 1);
  }
  return end;
}

}  // namespace

bool has_names(const accept_event &event, size_t bytes) {
  return bytes == size_t{event.cgroup_length} + event.exe_length && is_whole(cgroup_names(event)) &&
         is_whole(exe_names(event));
}

std::string_view cgroup_leaf(const accept_event &event) {
  const std::string_view names = cgroup_names(event);
  return names.substr(0, names.find('\0'));
}

char *write_cgroup_path(const accept_event &event, char *out) {
  const bool cut = event.flags & ACCEPT_CGROUP_CUT;
  if (event.cgroup_length) return put_path(cgroup_names(event), cut, out);
  return event.cgroup_id && !cut ? put("/", out) : out;
}

char *write_exe_path(const accept_event &event, char *out) {
  if (!event.exe_length) return out;
  out = put_path(exe_names(event), event.flags & ACCEPT_EXE_CUT, out);
  return event.flags & ACCEPT_EXE_DELETED ? put(" (deleted)", out) : out;
}

}  // namespace acceptstream
