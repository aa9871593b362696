#include "reader_refusal.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <unistd.h>

#include <cerrno>

namespace acceptstream {

namespace {

constexpr const char *kKprobes = "/sys/bus/event_source/devices/kprobe/type";

// A program that does nothing, at the entry of the function.
int load_at(const char *function) {
  const bpf_insn nothing[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0}, {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  const int id = libbpf_find_vmlinux_btf_id(function, BPF_TRACE_FENTRY);
  if (id < 0) return id;
  LIBBPF_OPTS(bpf_prog_load_opts, options);
  options.expected_attach_type = BPF_TRACE_FENTRY;
  options.attach_btf_id = static_cast<uint32_t>(id);
  const int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "nothing", "GPL", nothing, 2, &options);
  if (fd < 0) return fd;
  close(fd);
  return 0;
}

}  // namespace

int quick_refusal(const std::string &hook, std::string *said) {
  const size_t colon = hook.find(':');
  if (hook.compare(0, colon, "fentry") == 0) return load_at(hook.c_str() + colon + 1);
  if (hook.compare(0, colon, "kprobe") != 0 || !access(kKprobes, F_OK)) return 0;
  *said = std::string("no kprobes: ") + kKprobes + " is not there";
  return -ENOENT;
}

}  // namespace acceptstream
