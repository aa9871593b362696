// The kernel's ring buffer map, mapped and read by hand: its consumer position moves only on commit.
// Wire format: Documentation/bpf/ringbuf.rst and kernel/bpf/ringbuf.c.
#pragma once
#include <cstddef>
#include <cstdint>

namespace acceptstream {

struct RingRecord {
  const uint8_t *data;
  uint32_t length;
};

class Ring {
 public:
  Ring() = default;
  ~Ring();
  Ring(const Ring &) = delete;
  Ring &operator=(const Ring &) = delete;

  // Maps the ring of `bytes` behind a map descriptor. Returns 0 or -errno.
  int map(int fd, size_t bytes);

  // The next record at the read position, skipping discarded ones; false when there is none yet.
  // The memory stays the record's until commit moves past it.
  bool peek(RingRecord *record);

  // Moves the read position past the record that peek returned.
  void advance(const RingRecord &record);

  uint64_t position() const { return read_; }

  // Hands everything before `position` back to the kernel. -EINVAL outside [committed, read position].
  int commit(uint64_t position);

  // The next peek starts at `position`. -EINVAL outside [committed, read position].
  int seek(uint64_t position);

 private:
  bool holds(uint64_t position) const;

  uint64_t *consumer_ = nullptr;
  const uint64_t *producer_ = nullptr;
  const uint8_t *data_ = nullptr;
  size_t bytes_ = 0;
  size_t page_ = 0;
  uint64_t read_ = 0;
};

}  // namespace acceptstream
