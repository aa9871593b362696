#include "own_accept.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace acceptstream {

namespace {

constexpr int kPatienceMs = 250;
constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;

// sin_port and sin6_port have the same place.
struct Address {
  sockaddr_in6 value = {};
  socklen_t length = sizeof(value);
  sockaddr *data() { return reinterpret_cast<sockaddr *>(&value); }
};

// Closing resets the connection: no port of ours waits for a minute until somebody else may listen on it.
int stream_socket(int family) {
  const linger reset = {1, 0};
  const int fd = socket(family, SOCK_STREAM | kFlags, IPPROTO_TCP);
  if (fd < 0) return -errno;
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  return fd;
}

int address_of(int fd, Address *address) { return getsockname(fd, address->data(), &address->length) ? -errno : 0; }

int connect_to(Address *address) {
  const int fd = stream_socket(address->data()->sa_family);
  if (fd < 0) return fd;
  const bool refused = connect(fd, address->data(), address->length) && errno != EINPROGRESS;
  const int error = refused ? -errno : 0;
  if (error) close(fd);
  return error ? error : fd;
}

int accept_by(long call, int listener) {
  pollfd waiting = {listener, POLLIN, 0};
  int ready;
  do ready = poll(&waiting, 1, kPatienceMs);
  while (ready < 0 && errno == EINTR);
  if (ready <= 0) return ready ? -errno : -ETIMEDOUT;
  const long fd = syscall(call, listener, nullptr, nullptr, 0);
  if (fd < 0) return -errno;
  close(static_cast<int>(fd));
  return 0;
}

}  // namespace

OwnAccept::~OwnAccept() {
  if (listener_ >= 0) close(listener_);
}

int OwnAccept::listen() {
  sockaddr_in ipv4 = {};
  ipv4.sin_family = AF_INET;
  ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int error = listen_at(&ipv4, sizeof(ipv4));
  if (!error) return 0;
  sockaddr_in6 ipv6 = {};
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_addr = in6addr_loopback;
  return listen_at(&ipv6, sizeof(ipv6)) ? error : 0;
}

int OwnAccept::listen_at(const void *address, unsigned length) {
  const sockaddr *at = static_cast<const sockaddr *>(address);
  const int fd = stream_socket(at->sa_family);
  if (fd < 0) return fd;
  if (bind(fd, at, length) || ::listen(fd, 8)) {
    const int error = -errno;
    close(fd);
    return error;
  }
  listener_ = fd;
  return 0;
}

uint16_t OwnAccept::port() const {
  Address address;
  return address_of(listener_, &address) ? 0 : ntohs(address.value.sin6_port);
}

int OwnAccept::accept(long call) {
  Address address;
  const int error = address_of(listener_, &address);
  if (error) return error;
  const int client = connect_to(&address);
  if (client < 0) return client;
  const int accepted = accept_by(call, listener_);
  close(client);
  return accepted;
}

}  // namespace acceptstream
