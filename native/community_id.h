// Community ID of a connection: the same text in every tool that saw it, whichever end that watches.
// Source: github.com/corelight/community-id-spec, version 1.
#pragma once
#include <cstddef>

#include "../bpf/event.h"

namespace acceptstream {

// "1:" and 20 bytes in base64.
constexpr size_t kCommunityIdBytes = 30;

// Most bytes that writing one stores.
constexpr size_t kCommunityIdRoom = 34;

// Writes the id of an event's connection with the seed 0; IPv4-mapped ends count as IPv4. Returns the end of the text.
char *write_community_id(const accept_event &event, char *out);

}  // namespace acceptstream
