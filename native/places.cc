#include "places.h"

#include <cstring>

namespace acceptstream {

namespace {

static_assert(kPathMax <= kTextMax, "a path is a text");

constexpr uint8_t kNameFlags = ACCEPT_EXE_DELETED | ACCEPT_CGROUP_CUT | ACCEPT_EXE_CUT;
constexpr uint64_t kUsed = uint64_t{1} << 63;

using Writer = char *(*)(const accept_event &, char *);

const uint8_t *names_of(const accept_event &event) { return reinterpret_cast<const uint8_t *>(&event + 1); }

size_t names_bytes(const accept_event &event) { return size_t{event.cgroup_length} + event.exe_length; }

// What the fields depend on beside the names; never 0.
uint64_t shape_of(const accept_event &event) {
  const uint64_t known = event.cgroup_id ? 1 : 0;
  return kUsed | known << 40 | uint64_t{static_cast<uint8_t>(event.flags & kNameFlags)} << 32 |
         uint64_t{event.exe_length} << 16 | event.cgroup_length;
}

uint64_t word_at(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  return word;
}

// A few words tell places apart: the leaf's name with the first digits of a container's id, and the program's name.
uint64_t hash_of(const accept_event &event, uint64_t shape) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  const uint8_t *names = names_of(event);
  const size_t bytes = names_bytes(event);
  uint64_t hash = shape;
  for (size_t at = 0; at < 24 && at + 8 <= bytes; at += 8) hash = (hash ^ word_at(names + at)) * kOdd;
  if (event.exe_length >= 8) hash = (hash ^ word_at(names + event.cgroup_length)) * kOdd;
  return hash ^ hash >> 32;
}

std::string_view written(const accept_event &event, Writer write, char *text) {
  return {text, static_cast<size_t>(write(event, text) - text)};
}

uint8_t *make(const accept_event &event, uint8_t *out) {
  char cgroup[kPathMax];
  char exe[kPathMax];
  const std::string_view path = written(event, write_cgroup_path, cgroup);
  out = put_text(out, path);
  out = put_text(out, written(event, write_exe_path, exe));
  return put_bytes(out, container_id_of(path));
}

}  // namespace

uint8_t *Places::put(const accept_event &event, uint8_t *out) {
  const uint64_t shape = shape_of(event);
  const size_t bytes = names_bytes(event);
  if (bytes > kNamesMax) return make(event, out);
  Kept &kept = kept_[hash_of(event, shape) % kept_.size()];
  if (kept.shape == shape && !memcmp(kept.names, names_of(event), bytes)) {
    memcpy(out, kept.fields, kept.bytes);
    return out + kept.bytes;
  }
  uint8_t *const end = make(event, out);
  const size_t made = static_cast<size_t>(end - out);
  if (made > kFieldsMax) return end;
  memcpy(kept.names, names_of(event), bytes);
  memcpy(kept.fields, out, made);
  kept.shape = shape;
  kept.bytes = static_cast<uint16_t>(made);
  return end;
}

}  // namespace acceptstream
