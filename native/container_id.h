// Which container a control group belongs to.
#pragma once
#include <cstddef>
#include <string_view>

namespace acceptstream {

// Hexadecimal digits of a container's id.
constexpr size_t kContainerIdBytes = 64;

// The id of the innermost container in a path of the hierarchy, at any level of it; empty outside of containers. The
// view is into `path`. Runtimes name a container's group by its id: ID, NAME-ID or NAME:ID (cgroupfs), NAME-ID.scope
// (systemd). The group of the monitor beside a container, *conmon-ID, is none.
std::string_view container_id_of(std::string_view path);

}  // namespace acceptstream
