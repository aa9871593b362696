// A name for a process that no other one has, on any host and at any time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "../bpf/event.h"

namespace acceptstream {

constexpr size_t kBootIdBytes = 36;  // of a UUID
constexpr size_t kPidMax = 10;
constexpr size_t kNanosecondsMax = 20;
constexpr size_t kEntityIdMax = kBootIdBytes + kPidMax + kNanosecondsMax + 2;

// Most bytes that putting one stores.
constexpr size_t kEntityIdRoom = 2 + kEntityIdMax + 7;

// Puts BOOT_ID:PID:NANOSECONDS as an Avro string; the nanoseconds are those of CLOCK_BOOTTIME when the process started,
// which never change, unlike its start by the wall clock. Empty when the boot id or the start is unknown.
uint8_t *put_entity_id(uint8_t *out, const accept_event &event, const std::string &boot_id);

}  // namespace acceptstream
