#include "entity_id.h"

#include <charconv>

#include "avro.h"

namespace acceptstream {

uint8_t *put_entity_id(uint8_t *out, const accept_event &event, const std::string &boot_id) {
  if (boot_id.size() != kBootIdBytes || !event.process_start_ns) return put_bytes(out, {});
  char text[kEntityIdMax];
  memcpy(text, boot_id.data(), kBootIdBytes);
  char *at = text + kBootIdBytes;
  *at++ = ':';
  at = std::to_chars(at, at + kPidMax, event.pid).ptr;
  *at++ = ':';
  at = std::to_chars(at, at + kNanosecondsMax, event.process_start_ns).ptr;
  return put_bytes(out, {text, static_cast<size_t>(at - text)});
}

}  // namespace acceptstream
