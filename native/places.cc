#include "places.h"

#include <cstring>

namespace acceptstream {

namespace {

static_assert(kPathMax <= kTextMax, "a path is a text");

constexpr uint8_t kNameFlags = ACCEPT_EXE_DELETED | ACCEPT_CGROUP_CUT | ACCEPT_EXE_CUT;
constexpr uint64_t kUsed = uint64_t{1} << 63;

using Writer = char *(*)(const accept_event &, char *);

// What the fields depend on beside the names; never 0.
uint64_t shape_of(const accept_event &event) {
  const uint64_t known = event.cgroup_id ? 1 : 0;
  return kUsed | known << 40 | uint64_t{static_cast<uint8_t>(event.flags & kNameFlags)} << 32 |
         uint64_t{event.exe_length} << 16 | event.cgroup_length;
}

// A few words tell places apart: the leaf's name with the first digits of a container's id, and the program's name.
uint64_t hash_of(const accept_event &event, uint64_t shape) {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  const std::string_view names = names_of(event);
  uint64_t hash = shape;
  for (size_t at = 0; at < 24 && at + 8 <= names.size(); at += 8) hash = (hash ^ word_at(names.data() + at)) * kOdd;
  if (event.exe_length >= 8) hash = (hash ^ word_at(names.data() + event.cgroup_length)) * kOdd;
  return hash ^ hash >> 32;
}

std::string_view written(const accept_event &event, Writer write, char *text) {
  return {text, static_cast<size_t>(write(event, text) - text)};
}

// The shape answers for the lengths, so names are the same or not from the first byte to the last.
bool is_of(const Place &place, const accept_event &event, uint64_t shape) {
  return place.shape == shape && !memcmp(place.names.data(), names_of(event).data(), place.names.size());
}

void make(const accept_event &event, Place *place) {
  char cgroup[kPathMax];
  char exe[kPathMax];
  const std::string_view path = written(event, write_cgroup_path, cgroup);
  place->names = names_of(event);
  place->cgroup = Made(avro_text(cgroup_leaf(event)));
  place->labels = Made(avro_text(path) + avro_text(written(event, write_exe_path, exe)) + avro_text(container_id_of(path)));
}

}  // namespace

const Place &Places::find(const accept_event &event) {
  const uint64_t shape = shape_of(event);
  Place &place = kept_[hash_of(event, shape) % kept_.size()];
  if (is_of(place, event, shape)) return place;
  make(event, &place);
  place.shape = shape;
  return place;
}

}  // namespace acceptstream
