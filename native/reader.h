// Loads and attaches the programs of one hook and reads their ring. Knows libbpf, not Node-API.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "encode.h"
#include "reader_filter.h"
#include "own_accept.h"
#include "ring.h"

struct bpf_object;
struct bpf_link;
struct bpf_program;

namespace acceptstream {

struct CaptureOptions {
  std::string object;  // path of the BPF object
  std::string hook;
  uint32_t ring_bytes;  // power of two, multiple of the page size
  FilterOptions filter;
  Identity identity;
};

struct Drained {
  size_t bytes;
  uint32_t records;
  uint64_t position;
};

struct Counters {
  uint64_t seen;
  uint64_t filtered;
  uint64_t submitted;
  uint64_t lost;
  uint64_t missed;
  uint64_t probe;
};

// What failed: the step, and the words of the kernel or of libbpf.
struct Failure {
  std::string operation;
  std::string detail;
};

// Of the library that is loaded, such as v1.5.
std::string libbpf_version();

class Reader {
 public:
  explicit Reader(const Identity &identity) : encoder_(identity) {}
  ~Reader();
  Reader(const Reader &) = delete;
  Reader &operator=(const Reader &) = delete;

  // Returns 0 or -errno, then `failure` is set: -ENODATA when the hook attaches and stays silent.
  int open(const CaptureOptions &options, Failure *failure);

  // Why an open hook could not be proven, empty when it was.
  const std::string &unproven() const { return unproven_; }

  // Writes whole datums from the read position on. Returns 0, -ENOSPC when not even one fits,
  // -EPROTO when the ring holds events of another layout.
  int drain(uint8_t *target, size_t capacity, Drained *drained);

  uint64_t position() const { return ring_.position(); }
  int commit(uint64_t position) { return ring_.commit(position); }
  int seek(uint64_t position) { return ring_.seek(position); }

  // Sums over the CPUs. After detach, `missed` is what it was then.
  Counters counters();

  // Takes the programs off their hooks; the ring stays readable.
  void detach();

 private:
  int configure(const CaptureOptions &options, Failure *failure);
  int use_map(const char *name, const std::string &path, Failure *failure);
  int select(const std::string &hook, Failure *failure);
  int attach(Failure *failure);
  int map_memory(Failure *failure);
  int prove(Failure *failure);
  int see_own_accept(OwnAccept *own, long call);
  int set_probe(const accept_probe &probe);
  std::vector<bpf_program *> attachable() const;
  uint64_t misses() const;

  bpf_object *object_ = nullptr;
  std::vector<bpf_program *> programs_;
  bpf_program *aide_ = nullptr;
  std::vector<bpf_link *> links_;
  Ring ring_;
  Encoder encoder_;
  accept_counters *counters_ = nullptr;
  size_t counters_bytes_ = 0;
  size_t cpus_ = 0;
  uint32_t ring_bytes_ = 0;
  uint64_t missed_ = 0;
  std::string unproven_;
};

}  // namespace acceptstream
