// Accepts of our own on loopback, by which a hook shows that it sees. Plain sockets: knows neither libbpf nor Node-API.
#pragma once
#include <cstdint>

namespace acceptstream {

class OwnAccept {
 public:
  OwnAccept() = default;
  ~OwnAccept();
  OwnAccept(const OwnAccept &) = delete;
  OwnAccept &operator=(const OwnAccept &) = delete;

  // Listens on 127.0.0.1, on ::1 where that can't be. Returns 0 or -errno.
  int listen();

  // Host endian.
  uint16_t port() const;

  // Connects, and accepts by the system call of that number. Returns 0 or -errno; waits a quarter of a second at most.
  int accept(long call);

 private:
  int listen_at(const void *address, unsigned length);

  int listener_ = -1;
};

}  // namespace acceptstream
