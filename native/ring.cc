#include "ring.h"

#include <cerrno>
#include <linux/bpf.h>
#include <sys/mman.h>
#include <unistd.h>

namespace acceptstream {

namespace {

uint64_t step(uint32_t length) { return (uint64_t{length} + BPF_RINGBUF_HDR_SZ + 7) & ~uint64_t{7}; }

}  // namespace

Ring::~Ring() {
  if (consumer_) munmap(consumer_, page_);
  if (producer_) munmap(const_cast<uint64_t *>(producer_), page_ + 2 * bytes_);
}

int Ring::map(int fd, size_t bytes) {
  page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void *consumer = mmap(nullptr, page_, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (consumer == MAP_FAILED) return -errno;
  consumer_ = static_cast<uint64_t *>(consumer);
  // The kernel maps the data twice in a row, so a record that wraps is still contiguous.
  void *producer = mmap(nullptr, page_ + 2 * bytes, PROT_READ, MAP_SHARED, fd, static_cast<off_t>(page_));
  if (producer == MAP_FAILED) return -errno;
  bytes_ = bytes;
  producer_ = static_cast<const uint64_t *>(producer);
  data_ = static_cast<const uint8_t *>(producer) + page_;
  read_ = __atomic_load_n(consumer_, __ATOMIC_ACQUIRE);
  return 0;
}

bool Ring::peek(RingRecord *record) {
  const uint64_t end = __atomic_load_n(producer_, __ATOMIC_ACQUIRE);
  while (read_ < end) {
    const uint8_t *at = data_ + (read_ & (bytes_ - 1));
    const uint32_t header = __atomic_load_n(reinterpret_cast<const uint32_t *>(at), __ATOMIC_ACQUIRE);
    if (header & BPF_RINGBUF_BUSY_BIT) return false;
    const uint32_t length = header & ~BPF_RINGBUF_DISCARD_BIT;
    if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
      *record = {at + BPF_RINGBUF_HDR_SZ, length};
      return true;
    }
    read_ += step(length);
  }
  return false;
}

void Ring::advance(const RingRecord &record) { read_ += step(record.length); }

bool Ring::holds(uint64_t position) const {
  return position >= __atomic_load_n(consumer_, __ATOMIC_RELAXED) && position <= read_;
}

int Ring::commit(uint64_t position) {
  if (!holds(position)) return -EINVAL;
  __atomic_store_n(consumer_, position, __ATOMIC_RELEASE);
  return 0;
}

int Ring::seek(uint64_t position) {
  if (!holds(position)) return -EINVAL;
  read_ = position;
  return 0;
}

}  // namespace acceptstream
