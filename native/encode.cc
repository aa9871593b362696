#include "encode.h"

#include <cstring>

#include "address.h"
#include "names.h"

namespace acceptstream {

namespace {

// By accept_hook.
constexpr const char *kHookNames[] = {
    "fentry:__inet_accept",        "fentry:security_sock_graft", "kprobe:__inet_accept",
    "kprobe:security_sock_graft", "tracepoint:sys_exit_accept",  "tp_btf:sys_exit",
};
constexpr size_t kHooks = sizeof(kHookNames) / sizeof(*kHookNames);
// All varints at their longest, two addresses, the hook, and three bytes for each of comm and cgroup.
constexpr size_t kVariableMax = 28 * 10 + 2 * (kAddressTextMax + 1) + 64 + 3 * (ACCEPT_COMM_BYTES + ACCEPT_NAME_BYTES);

// Avro int and long: zigzag, then 7 bits a byte, low first.
uint8_t *put(uint8_t *out, int64_t value) {
  uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    *out++ = static_cast<uint8_t>(bits | 0x80);
    bits >>= 7;
  }
  *out++ = static_cast<uint8_t>(bits);
  return out;
}

uint8_t *put_bool(uint8_t *out, bool value) {
  *out++ = value;
  return out;
}

uint8_t *put_bytes(uint8_t *out, const char *text, size_t length) {
  out = put(out, static_cast<int64_t>(length));
  memcpy(out, text, length);
  return out + length;
}

uint8_t *put_address(uint8_t *out, uint8_t version, const uint8_t *address) {
  char *text = reinterpret_cast<char *>(out + 1);
  char *end = version == 4 ? write_ipv4(address, text) : write_ipv6(address, text);
  // At most 45 bytes: the length is always one byte.
  put(out, end - text);
  return reinterpret_cast<uint8_t *>(end);
}

int64_t or_unknown(uint32_t inum) { return inum ? int64_t{inum} : -1; }

// Length of the UTF-8 sequence at `at` (RFC 3629), 0 when the byte there starts none.
size_t utf8_sequence(const uint8_t *at, const uint8_t *end) {
  const uint8_t first = *at;
  if (first < 0x80) return 1;
  const size_t length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (!length || length > static_cast<size_t>(end - at)) return 0;
  const uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (at[1] < low || at[1] > high) return 0;
  for (size_t i = 2; i < length; i++)
    if ((at[i] & 0xc0) != 0x80) return 0;
  return length;
}

uint64_t word_at(const char *text) {
  uint64_t word;
  memcpy(&word, text, sizeof(word));
  return word;
}

// Eight bytes at a time, the last eight twice in part.
bool is_ascii(const char *text, size_t length) {
  uint64_t bits = 0;
  if (length < 8) {
    for (size_t i = 0; i < length; i++) bits |= static_cast<uint8_t>(text[i]);
  } else {
    for (size_t i = 0; i + 8 < length; i += 8) bits |= word_at(text + i);
    bits |= word_at(text + length - 8);
  }
  return !(bits & 0x8080808080808080);
}

// Kernel strings are arbitrary bytes: each that is not UTF-8 becomes one U+FFFD.
uint8_t *put_repaired(uint8_t *out, const char *text, size_t length) {
  char repaired[3 * ACCEPT_NAME_BYTES];
  char *to = repaired;
  const uint8_t *end = reinterpret_cast<const uint8_t *>(text) + length;
  for (const uint8_t *at = reinterpret_cast<const uint8_t *>(text); at < end;) {
    const size_t sequence = utf8_sequence(at, end);
    memcpy(to, sequence ? reinterpret_cast<const char *>(at) : "\xef\xbf\xbd", sequence ? sequence : 3);
    to += sequence ? sequence : 3;
    at += sequence ? sequence : 1;
  }
  return put_bytes(out, repaired, static_cast<size_t>(to - repaired));
}

uint8_t *put_text(uint8_t *out, const char *text, size_t length) {
  return is_ascii(text, length) ? put_bytes(out, text, length) : put_repaired(out, text, length);
}

uint8_t *put_process(uint8_t *out, const accept_event &event, const WallClock &clock) {
  out = put(out, static_cast<int32_t>(event.pid));
  out = put(out, static_cast<int32_t>(event.tid));
  out = put(out, event.ppid);
  out = put(out, event.uid);
  out = put(out, event.gid);
  out = put_text(out, event.comm, strnlen(event.comm, sizeof(event.comm)));
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

uint8_t *put_place(uint8_t *out, const accept_event &event) {
  out = put(out, or_unknown(event.netns));
  out = put(out, or_unknown(event.mntns));
  out = put(out, or_unknown(event.pidns));
  out = put(out, event.cgroup_id ? event.cgroup_id : -1);
  const std::string_view leaf = cgroup_leaf(event);
  return put_text(out, leaf.data(), leaf.size());
}

uint8_t *put_queue(uint8_t *out, const accept_event &event) {
  out = put(out, event.backlog);
  out = put(out, event.backlog_max);
  out = put(out, event.queued_us);
  return put(out, event.rtt_us);
}

std::string avro_string(const std::string &text) {
  uint8_t length[10];
  return std::string(reinterpret_cast<char *>(length), put(length, static_cast<int64_t>(text.size())) - length) + text;
}

bool is_ours(const accept_event &event, size_t length) {
  return length >= sizeof(event) && event.layout == ACCEPT_EVENT_LAYOUT && event.hook < kHooks &&
         has_names(event, length - sizeof(event));
}

}  // namespace

Encoder::Encoder(const Identity &identity)
    : origin_(avro_string(identity.host) + avro_string(identity.host_id) + avro_string(identity.capture_id)),
      datum_max_(origin_.size() + kVariableMax) {
  clock_.refresh();
}

uint8_t *Encoder::encode(const uint8_t *data, size_t length, uint8_t *out) const {
  const accept_event &event = *reinterpret_cast<const accept_event *>(data);
  if (!is_ours(event, length)) return nullptr;
  const char *hook = kHookNames[event.hook];
  out = put(out, clock_.from_monotonic_us(event.monotonic_ns));
  out = put(out, static_cast<int64_t>(event.monotonic_ns / 1000));
  memcpy(out, origin_.data(), origin_.size());
  out += origin_.size();
  out = put(out, event.cpu);
  out = put(out, static_cast<int64_t>(event.sequence));
  out = put(out, static_cast<int64_t>(event.lost));
  out = put_bytes(out, hook, strlen(hook));
  out = put_process(out, event, clock_);
  out = put_connection(out, event);
  out = put_place(out, event);
  return put_queue(out, event);
}

const char *hook_name(uint8_t hook) { return hook < kHooks ? kHookNames[hook] : nullptr; }

}  // namespace acceptstream
