#include "notify.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace acceptstream {

namespace {

// A manager whose queue is full must not hold up the capture for longer.
constexpr timeval kPatience = {1, 0};

int send_to(int socket, const sockaddr_un &address, socklen_t length, const std::string &message) {
  if (setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience))) return -errno;
  const sockaddr *to = reinterpret_cast<const sockaddr *>(&address);
  const ssize_t sent = sendto(socket, message.data(), message.size(), MSG_NOSIGNAL, to, length);
  return sent < 0 ? -errno : 0;
}

}  // namespace

int notify(const std::string &path, const std::string &message) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || (path[0] != '/' && path[0] != '@')) return -EAFNOSUPPORT;
  if (path.size() >= sizeof(address.sun_path)) return -ENAMETOOLONG;
  memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  // The name of an abstract socket ends where the length says: a NUL would be part of it.
  const socklen_t length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return -errno;
  const int error = send_to(socket, address, length, message);
  close(socket);
  return error;
}

}  // namespace acceptstream
