// From the kernel's clocks to the wall clock.
#pragma once
#include <cstdint>

namespace acceptstream {

// Distances between clocks change only when somebody sets the time; what a measurement adds is noise.
// So a distance is kept until a new measurement differs by more than that noise.
class WallClock {
 public:
  // Measures again. Called once per drain.
  void refresh();

  int64_t from_monotonic_us(uint64_t ns) const { return to_us(static_cast<int64_t>(ns) + monotonic_); }
  int64_t from_boottime_us(uint64_t ns) const { return to_us(static_cast<int64_t>(ns) + boottime_); }

 private:
  static int64_t to_us(int64_t ns) { return ns / 1000; }

  int64_t monotonic_ = 0;
  int64_t boottime_ = 0;
};

}  // namespace acceptstream
