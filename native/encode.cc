#include "encode.h"

#include <cstring>

#include "address.h"
#include "avro.h"
#include "community_id.h"
#include "entity_id.h"

namespace acceptstream {

namespace {

// By accept_hook.
constexpr std::string_view kHookNames[] = {
    "fentry:__inet_accept",        "fentry:security_sock_graft", "kprobe:__inet_accept",
    "kprobe:security_sock_graft", "tracepoint:sys_exit_accept",  "tp_btf:sys_exit",
};
constexpr size_t kHooks = sizeof(kHookNames) / sizeof(*kHookNames);
// All numbers and lengths at their longest, booleans counted as such; what each text has at most.
constexpr size_t kNumbersMax = 36 * kNumberMax;
constexpr size_t kTextsMax = 2 * kAddressTextMax + 64 + repaired_max(ACCEPT_COMM_BYTES) + Place::kMax +
                             kEntityIdRoom + repaired_max(UserNames::kNameMax) + kCommunityIdRoom;

static_assert(Made::kBlock <= kCommunityIdRoom, "what Made stores past its end is inside of the datum's room");

uint8_t *put_address(uint8_t *out, uint8_t version, const uint8_t *address) {
  char *text = reinterpret_cast<char *>(out + 1);
  char *end = version == 4 ? write_ipv4(address, text) : write_ipv6(address, text);
  // At most 45 bytes: the length is always one byte.
  put(out, end - text);
  return reinterpret_cast<uint8_t *>(end);
}

int64_t or_unknown(uint32_t inum) { return inum ? int64_t{inum} : -1; }

uint8_t *put_process(uint8_t *out, const accept_event &event, const WallClock &clock) {
  out = put(out, static_cast<int32_t>(event.pid));
  out = put(out, static_cast<int32_t>(event.tid));
  out = put(out, event.ppid);
  out = put(out, event.uid);
  out = put(out, event.gid);
  out = put_comm(out, event.comm);
  return put(out, event.process_start_ns ? clock.from_boottime_us(event.process_start_ns) : -1);
}

uint8_t *put_connection(uint8_t *out, const accept_event &event) {
  out = put(out, event.ip_version);
  out = put_address(out, event.ip_version, event.remote_address);
  out = put(out, event.remote_port);
  out = put_address(out, event.ip_version, event.local_address);
  out = put(out, event.local_port);
  out = put_bool(out, event.flags & ACCEPT_PEER_RESET);
  return put_bool(out, event.flags & ACCEPT_MPTCP);
}

uint8_t *put_place(uint8_t *out, const accept_event &event, const Place &place) {
  out = put(out, or_unknown(event.netns));
  out = put(out, or_unknown(event.mntns));
  out = put(out, or_unknown(event.pidns));
  out = put(out, event.cgroup_id ? event.cgroup_id : -1);
  return place.cgroup.put(out);
}

uint8_t *put_queue(uint8_t *out, const accept_event &event) {
  out = put(out, event.backlog);
  out = put(out, event.backlog_max);
  out = put(out, event.queued_us);
  return put(out, event.rtt_us);
}

uint8_t *put_community_id(uint8_t *out, const accept_event &event) {
  out = put(out, int64_t{kCommunityIdBytes});
  return reinterpret_cast<uint8_t *>(write_community_id(event, reinterpret_cast<char *>(out)));
}

// As long as it may be, unlike texts of the kernel.
std::string avro_string(const std::string &text) {
  uint8_t length[kNumberMax];
  return std::string(reinterpret_cast<char *>(length), put(length, static_cast<int64_t>(text.size())) - length) + text;
}

bool is_ours(const accept_event &event, size_t length) {
  return length >= sizeof(event) && event.layout == ACCEPT_EVENT_LAYOUT && event.hook < kHooks &&
         has_names(event, length - sizeof(event));
}

}  // namespace

Encoder::Encoder(const Identity &identity)
    : identity_(identity),
      origin_(avro_string(identity.host) + avro_string(identity.host_id) + avro_string(identity.capture_id)),
      datum_max_(origin_.size() + kNumbersMax + kTextsMax) {
  clock_.refresh();
}

uint8_t *Encoder::encode(const uint8_t *data, size_t length, uint8_t *out) {
  const accept_event &event = *reinterpret_cast<const accept_event *>(data);
  if (!is_ours(event, length)) return nullptr;
  const Place &place = places_.find(event);
  out = put(out, clock_.from_monotonic_us(event.monotonic_ns));
  out = put(out, static_cast<int64_t>(event.monotonic_ns / 1000));
  out = origin_.put(out);
  out = put(out, event.cpu);
  out = put(out, static_cast<int64_t>(event.sequence));
  out = put(out, static_cast<int64_t>(event.lost));
  out = put_bytes(out, kHookNames[event.hook]);
  out = put_process(out, event, clock_);
  out = put_connection(out, event);
  out = put_place(out, event, place);
  out = put_queue(out, event);
  out = place.labels.put(out);
  out = put_entity_id(out, event, identity_.boot_id);
  out = user_names_.find(event.uid, event.monotonic_ns).put(out);
  return put_community_id(out, event);
}

const char *hook_name(uint8_t hook) { return hook < kHooks ? kHookNames[hook].data() : nullptr; }

}  // namespace acceptstream
