// Capabilities of the whole process. Knows neither libbpf nor Node-API.
#pragma once

namespace acceptstream {

// Clears all capability sets of every thread, for good. Returns the number of threads that keep some, or -errno.
int drop_capabilities();

}  // namespace acceptstream
