#include "reader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "pinned_map.h"
#include "reader_refusal.h"

namespace acceptstream {

namespace {

struct Rung {
  const char *hook;
  std::vector<const char *> programs;  // each sees accepts
  const char *aide = nullptr;          // tells them more: what it misses is not missed
};

const Rung kLadder[] = {
    {hook_name(ACCEPT_HOOK_FENTRY_INET_ACCEPT), {"fentry_inet_accept_graft"}, "fentry_inet_accept"},
    {hook_name(ACCEPT_HOOK_FENTRY_SOCK_GRAFT), {"fentry_sock_graft"}},
    {hook_name(ACCEPT_HOOK_KPROBE_INET_ACCEPT), {"kprobe_inet_accept"}},
    {hook_name(ACCEPT_HOOK_KPROBE_SOCK_GRAFT), {"kprobe_sock_graft"}},
    {hook_name(ACCEPT_HOOK_TRACEPOINT), {"tracepoint_accept", "tracepoint_accept4"}},
    {hook_name(ACCEPT_HOOK_TP_BTF), {"tp_btf_sys_exit"}},
};

// libbpf reports through one process-wide callback; calls into it happen on the thread that opens.
thread_local std::string said;

int remember(libbpf_print_level level, const char *format, va_list arguments) {
  char line[512];
  if (level == LIBBPF_DEBUG) return 0;
  vsnprintf(line, sizeof(line), format, arguments);
  said += line;
  return 0;
}

int fail(Failure *failure, const char *operation, int error) {
  *failure = {operation, said.empty() ? strerror(-error) : said};
  return error;
}

const Rung *rung_of(const std::string &hook) {
  for (const Rung &rung : kLadder)
    if (hook == rung.hook) return &rung;
  return nullptr;
}

}  // namespace

std::string libbpf_version() { return libbpf_version_string(); }

Reader::~Reader() {
  detach();
  if (counters_) munmap(counters_, counters_bytes_);
  bpf_object__close(object_);
}

int Reader::open(const CaptureOptions &options, Failure *failure) {
  said.clear();
  libbpf_set_print(remember);
  int error = quick_refusal(options.hook, &said);
  if (error) return fail(failure, "put a program there", error);
  object_ = bpf_object__open_file(options.object.c_str(), nullptr);
  if (!object_) return fail(failure, "open the BPF object", -errno);
  error = configure(options, failure);
  if (!error) error = select(options.hook, failure);
  if (error) return error;
  error = bpf_object__load(object_);
  if (error) return fail(failure, "load the programs", error);
  error = fill_filter(object_, options.filter);
  if (error) return fail(failure, "fill the filters", error);
  error = map_memory(failure);
  if (!error) error = attach(failure);
  return error ? error : prove(failure);
}

int Reader::configure(const CaptureOptions &options, Failure *failure) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return fail(failure, "count the CPUs", cpus);
  cpus_ = static_cast<size_t>(cpus);
  ring_bytes_ = options.ring_bytes;
  int error = set_filter(object_, options.filter);
  if (!error) error = bpf_map__set_max_entries(bpf_object__find_map_by_name(object_, "ring"), ring_bytes_);
  if (!error) error = bpf_map__set_max_entries(bpf_object__find_map_by_name(object_, "counters"), cpus);
  if (error) return fail(failure, "set up the BPF object", error);
  error = use_map("cgroup_set", options.filter.cgroup_map, failure);
  return error ? error : use_map("mntns_set", options.filter.mntns_map, failure);
}

int Reader::use_map(const char *name, const std::string &path, Failure *failure) {
  if (path.empty()) return 0;
  std::string detail;
  const int fd = open_pinned_set(path, &detail);
  if (fd < 0) {
    *failure = {name, detail};
    return fd;
  }
  const int error = bpf_map__reuse_fd(bpf_object__find_map_by_name(object_, name), fd);
  close(fd);
  return error ? fail(failure, name, error) : 0;
}

int Reader::select(const std::string &hook, Failure *failure) {
  const Rung *rung = rung_of(hook);
  if (!rung) return fail(failure, "choose the hook", -EINVAL);
  bpf_program *program;
  bpf_object__for_each_program(program, object_) bpf_program__set_autoload(program, false);
  for (const char *name : rung->programs) programs_.push_back(bpf_object__find_program_by_name(object_, name));
  if (rung->aide) aide_ = bpf_object__find_program_by_name(object_, rung->aide);
  for (bpf_program *chosen : attachable()) bpf_program__set_autoload(chosen, true);
  return 0;
}

// The aide first: accepts that are seen meanwhile have all that they should.
std::vector<bpf_program *> Reader::attachable() const {
  std::vector<bpf_program *> all;
  if (aide_) all.push_back(aide_);
  all.insert(all.end(), programs_.begin(), programs_.end());
  return all;
}

int Reader::attach(Failure *failure) {
  for (bpf_program *program : attachable()) {
    bpf_link *link = bpf_program__attach(program);
    if (!link) return fail(failure, "attach the programs", -errno);
    links_.push_back(link);
  }
  return 0;
}

int Reader::map_memory(Failure *failure) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const int fd = bpf_object__find_map_fd_by_name(object_, "counters");
  counters_bytes_ = (cpus_ * sizeof(accept_counters) + page - 1) / page * page;
  void *memory = mmap(nullptr, counters_bytes_, PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return fail(failure, "map the counters", -errno);
  counters_ = static_cast<accept_counters *>(memory);
  const int error = ring_.map(bpf_object__find_map_fd_by_name(object_, "ring"), ring_bytes_);
  return error ? fail(failure, "map the ring", error) : 0;
}

// A hook can attach and stay silent: where the compiler inlined its function, or BTF tells of another kernel.
// Both system calls are tried, because a hook may be two programs.
int Reader::prove(Failure *failure) {
  OwnAccept own;
  // stat() would ask for a C library of 2.33, which Node.js does not.
  struct statx ns;
  int error = statx(AT_FDCWD, "/proc/self/ns/pid", 0, STATX_INO, &ns) ? -errno : own.listen();
  if (!error) error = set_probe({own.port(), {}, static_cast<uint32_t>(getpid()), static_cast<uint32_t>(ns.stx_ino)});
  if (!error) error = see_own_accept(&own, SYS_accept);
  if (!error) error = see_own_accept(&own, SYS_accept4);
  // Before the port is anybody's again.
  const int cleared = set_probe({});
  if (cleared) return fail(failure, "end the proof", cleared);
  if (error == -ENODATA) {
    *failure = {"see an accept of our own", "the hook is attached but silent"};
    return error;
  }
  if (error) unproven_ = strerror(-error);
  return 0;
}

// More than once, because the kernel skips a program that is already running on the CPU.
int Reader::see_own_accept(OwnAccept *own, long call) {
  const uint64_t before = counters().probe;
  for (int attempt = 0; attempt < 3; attempt++) {
    const int error = own->accept(call);
    if (error) return error;
    if (counters().probe > before) return 0;
  }
  return -ENODATA;
}

int Reader::set_probe(const accept_probe &probe) {
  const uint32_t key = 0;
  return bpf_map_update_elem(bpf_object__find_map_fd_by_name(object_, ".data.probe"), &key, &probe, BPF_ANY);
}

int Reader::drain(uint8_t *target, size_t capacity, Drained *drained) {
  uint8_t *out = target;
  uint8_t *const end = target + capacity;
  RingRecord record;
  *drained = {0, 0, ring_.position()};
  if (!ring_.peek(&record)) return 0;
  if (capacity < encoder_.datum_max()) return -ENOSPC;
  encoder_.clock().refresh();
  do {
    uint8_t *next = encoder_.encode(record.data, record.length, out);
    if (!next) return -EPROTO;
    out = next;
    ring_.advance(record);
    drained->records++;
  } while (static_cast<size_t>(end - out) >= encoder_.datum_max() && ring_.peek(&record));
  drained->bytes = static_cast<size_t>(out - target);
  drained->position = ring_.position();
  return 0;
}

Counters Reader::counters() {
  Counters sum = {};
  for (size_t cpu = 0; cpu < cpus_; cpu++) {
    const accept_counters &own = counters_[cpu];
    sum.seen += __atomic_load_n(&own.seen, __ATOMIC_RELAXED);
    sum.filtered += __atomic_load_n(&own.filtered, __ATOMIC_RELAXED);
    sum.submitted += __atomic_load_n(&own.submitted, __ATOMIC_RELAXED);
    sum.lost += __atomic_load_n(&own.lost, __ATOMIC_RELAXED);
    sum.probe += __atomic_load_n(&own.probe, __ATOMIC_RELAXED);
  }
  if (!links_.empty()) missed_ = misses();
  sum.missed = missed_;
  return sum;
}

// Runs that the kernel skipped because the program was already running on the CPU (9ed9e9ba2337, 5.12): no fewer than
// the accepts that were, because tp_btf runs at every system call.
uint64_t Reader::misses() const {
  uint64_t sum = 0;
  for (bpf_program *program : programs_) {
    bpf_prog_info info = {};
    uint32_t length = sizeof(info);
    if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length)) sum += info.recursion_misses;
  }
  return sum;
}

void Reader::detach() {
  if (!links_.empty()) missed_ = misses();
  for (bpf_link *link : links_) bpf_link__destroy(link);
  links_.clear();
}

}  // namespace acceptstream
