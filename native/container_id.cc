#include "container_id.h"

namespace acceptstream {

namespace {

constexpr std::string_view kScope = ".scope";
constexpr std::string_view kMonitor = "conmon-";

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_hex(std::string_view text) { return text.find_first_not_of("0123456789abcdef") == std::string_view::npos; }

// The id that the name of one group ends in; empty when it is no container's.
std::string_view id_in(std::string_view name) {
  if (ends_with(name, kScope)) name.remove_suffix(kScope.size());
  if (name.size() < kContainerIdBytes) return {};
  const std::string_view id = name.substr(name.size() - kContainerIdBytes);
  const std::string_view before = name.substr(0, name.size() - kContainerIdBytes);
  const bool is_apart = before.empty() || ends_with(before, "-") || ends_with(before, ":");
  return is_apart && !ends_with(before, kMonitor) && is_hex(id) ? id : std::string_view{};
}

}  // namespace

std::string_view container_id_of(std::string_view path) {
  while (!path.empty()) {
    const size_t slash = path.rfind('/');
    const std::string_view id = id_in(path.substr(slash + 1));
    if (!id.empty()) return id;
    path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
  }
  return {};
}

}  // namespace acceptstream
