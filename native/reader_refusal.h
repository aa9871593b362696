// What the kernel refuses, found out before our programs are relocated, which takes ten times as long.
#pragma once
#include <string>

namespace acceptstream {

// Returns 0, or -errno when the kernel will refuse any program at that hook; `said` gets what libbpf does not say.
int quick_refusal(const std::string &hook, std::string *said);

}  // namespace acceptstream
