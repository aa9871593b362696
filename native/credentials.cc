#include "credentials.h"

#include <dirent.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace acceptstream {

namespace {

// Capabilities belong to a thread, and only that thread can give them up. glibc has the same task with setuid() and keeps
// a signal for it that no thread can block (SIGSETXID, sysdeps/unix/sysv/linux/internal-signals.h); one of Node.js's
// blocks all others. That signal is borrowed for a moment.
constexpr int kSignal = 33;
constexpr size_t kSignalSetBytes = 8;
constexpr int kTries = 500;
constexpr useconds_t kPauseMicros = 1000;

// The kernel's struct sigaction: the handler comes first. glibc's sigaction() refuses this signal.
using KernelAction = unsigned char[64];

int drop_own() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return syscall(SYS_capset, &header, none) ? -errno : 0;
}

// Runs on the thread that gets the signal, at any moment.
void handle(int, void *, void *) {
  const int saved = errno;
  drop_own();
  errno = saved;
}

// Whether a line of /proc/PID/task/TID/status says that a thread holds or can regain a capability.
bool tells_capability(const char *line) {
  const bool is_set = !strncmp(line, "CapPrm:", 7) || !strncmp(line, "CapInh:", 7) || !strncmp(line, "CapAmb:", 7);
  return is_set && strtoull(line + 7, nullptr, 16) != 0;
}

bool has_capabilities(pid_t thread) {
  FILE *status = fopen(("/proc/self/task/" + std::to_string(thread) + "/status").c_str(), "re");
  char line[256];
  bool found = false;
  while (status && !found && fgets(line, sizeof(line), status)) found = tells_capability(line);
  if (status) fclose(status);
  return found;
}

// Threads that still have some; those that are gone by now have none.
std::vector<pid_t> holders() {
  std::vector<pid_t> found;
  DIR *folder = opendir("/proc/self/task");
  while (const dirent *entry = folder ? readdir(folder) : nullptr) {
    const pid_t thread = atoi(entry->d_name);
    if (thread > 0 && has_capabilities(thread)) found.push_back(thread);
  }
  if (folder) closedir(folder);
  return found;
}

// A thread is told once: a second signal might come when the handler is glibc's again.
void tell(const std::vector<pid_t> &threads, std::vector<pid_t> *told) {
  for (const pid_t thread : threads) {
    if (std::find(told->begin(), told->end(), thread) != told->end()) continue;
    syscall(SYS_tgkill, getpid(), thread, kSignal);
    told->push_back(thread);
  }
}

// Returns how many threads still have some. Threads that start meanwhile have what their starter had.
int drop_others() {
  std::vector<pid_t> told;
  std::vector<pid_t> threads = holders();
  for (int tries = 0; !threads.empty() && tries < kTries; tries++) {
    tell(threads, &told);
    usleep(kPauseMicros);
    threads = holders();
  }
  return static_cast<int>(threads.size());
}

}  // namespace

int drop_capabilities() {
  KernelAction former = {};
  KernelAction ours;
  void (*const handler)(int, void *, void *) = handle;
  void *nobody = nullptr;
  const int error = drop_own();
  if (error) return error;
  if (syscall(SYS_rt_sigaction, kSignal, nullptr, former, kSignalSetBytes)) return -errno;
  // Another C library: its signals are not known here.
  if (!memcmp(former, &nobody, sizeof(nobody))) return static_cast<int>(holders().size());
  memcpy(ours, former, sizeof(ours));
  memcpy(ours, &handler, sizeof(handler));
  if (syscall(SYS_rt_sigaction, kSignal, ours, nullptr, kSignalSetBytes)) return -errno;
  const int left = drop_others();
  // glibc's handler must not get a signal of ours that is still on its way.
  if (left == 0) syscall(SYS_rt_sigaction, kSignal, former, nullptr, kSignalSetBytes);
  return left;
}

}  // namespace acceptstream
