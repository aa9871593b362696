#include "clock.h"

#include <ctime>
#include <limits>

namespace acceptstream {

namespace {

constexpr int64_t kNoiseNs = 20'000;
constexpr int kTries = 5;

int64_t now(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Wall clock minus `clock`, from the tightest of a few bracketed readings.
int64_t distance_from(clockid_t clock) {
  int64_t best = 0;
  int64_t tightest = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < kTries && tightest > 1000; i++) {
    const int64_t before = now(clock);
    const int64_t wall = now(CLOCK_REALTIME);
    const int64_t bracket = now(clock) - before;
    if (bracket >= tightest) continue;
    tightest = bracket;
    best = wall - before - bracket / 2;
  }
  return best;
}

void adopt(int64_t *kept, int64_t measured) {
  if (__builtin_llabs(measured - *kept) > kNoiseNs) *kept = measured;
}

}  // namespace

void WallClock::refresh() {
  adopt(&monotonic_, distance_from(CLOCK_MONOTONIC));
  adopt(&boottime_, distance_from(CLOCK_BOOTTIME));
}

}  // namespace acceptstream
