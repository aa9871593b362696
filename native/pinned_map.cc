#include "pinned_map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace acceptstream {

namespace {

bool is_map(int fd) {
  char target[64] = {};
  const std::string self = "/proc/self/fd/" + std::to_string(fd);
  return readlink(self.c_str(), target, sizeof(target) - 1) > 0 && strstr(target, "bpf-map");
}

bool is_hash(uint32_t type) {
  return type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH || type == BPF_MAP_TYPE_PERCPU_HASH ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

std::string describe(const bpf_map_info &info) {
  const char *type = libbpf_bpf_map_type_str(static_cast<bpf_map_type>(info.type));
  return std::string("it is a map of type ") + (type ? type : "unknown") + " with " + std::to_string(info.key_size) +
         "-byte keys";
}

// The kernel answers EACCES for a file elsewhere, as for one that we may not open.
int check_place(const std::string &path, std::string *detail) {
  struct statfs place;
  if (statfs(path.c_str(), &place)) {
    *detail = strerror(errno);
    return -errno;
  }
  if (place.f_type == BPF_FS_MAGIC) return 0;
  *detail = "it is not on a BPF file system";
  return -EINVAL;
}

int check(int fd, std::string *detail) {
  bpf_map_info info = {};
  uint32_t length = sizeof(info);
  if (!is_map(fd)) {
    *detail = "it is no map";
    return -EINVAL;
  }
  if (bpf_obj_get_info_by_fd(fd, &info, &length)) {
    *detail = strerror(errno);
    return -errno;
  }
  if (is_hash(info.type) && info.key_size == 8) return 0;
  *detail = describe(info);
  return -EINVAL;
}

}  // namespace

int open_pinned_set(const std::string &path, std::string *detail) {
  const int misplaced = check_place(path, detail);
  if (misplaced) return misplaced;
  const int fd = bpf_obj_get(path.c_str());
  if (fd < 0) {
    *detail = strerror(errno);
    return -errno;
  }
  const int error = check(fd, detail);
  if (!error) return fd;
  close(fd);
  return error;
}

}  // namespace acceptstream
