// The user's own pinned sets (--cgroupmap, --mntnsmap).
#pragma once
#include <string>

namespace acceptstream {

// Opens the pinned hash map with 8-byte keys at `path`; any size and value width.
// Returns a descriptor, or -errno with the reason in `detail`.
int open_pinned_set(const std::string &path, std::string *detail);

}  // namespace acceptstream
