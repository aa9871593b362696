#pragma once

#include <string>

namespace acceptstream {

// Sends one datagram to a service manager's socket: `path` is that of a file, or of an abstract socket behind '@'
// (sd_notify(3)). Returns 0 or -errno; waits a second at most.
int notify(const std::string &path, const std::string &message);

}  // namespace acceptstream
