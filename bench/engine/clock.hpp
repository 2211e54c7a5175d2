// SPDX-License-Identifier: MIT
// The clock of every timed burst.
//
// On x86-64 with an invariant time stamp counter the ticks are rdtsc, calibrated against
// CLOCK_MONOTONIC_RAW; on aarch64 the virtual counter; elsewhere, or when two calibrations do not
// agree, clock_gettime. Which one it is, its resolution and what a reading costs are recorded in
// the environment record. Readings are not serialising: bursts are long (some 100 us) against the
// few nanoseconds by which a reading may slip.
#pragma once

#include <cstdint>
#include <ctime>
#include <string>

namespace getput::bench {

class Clock {
 public:
  using Ticks = std::uint64_t;

  /// The calibrated clock of this process; the first call takes some 20 ms.
  static const Clock& instance();

  /// A reading in ticks, comparable between CPUs.
  Ticks now() const noexcept {
#if defined(__x86_64__)
    if (counter_) {
      return __builtin_ia32_rdtsc();
    }
#elif defined(__aarch64__)
    if (counter_) {
      Ticks value;
      asm volatile("mrs %0, cntvct_el0" : "=r"(value));
      return value;
    }
#endif
    return system_now();
  }

  double ns(Ticks ticks) const noexcept {
    return static_cast<double>(ticks) * ns_per_tick_;
  }
  Ticks ticks(double nanoseconds) const noexcept {
    return static_cast<Ticks>(nanoseconds / ns_per_tick_);
  }

  const std::string& source() const noexcept {
    return source_;
  }  ///< "tsc", "cntvct", "clock_gettime"
  const std::string& note() const noexcept {
    return note_;
  }  ///< why not the counter, or empty
  double resolution_ns() const noexcept {
    return resolution_ns_;
  }
  double overhead_ns() const noexcept {
    return overhead_ns_;
  }
  double frequency_hz() const noexcept {
    return 1e9 / ns_per_tick_;
  }

 private:
  Clock();
  void calibrate_counter();
  void measure_itself();

  static Ticks system_now() noexcept {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC_RAW, &time);
    return static_cast<Ticks>(time.tv_sec) * 1'000'000'000U + static_cast<Ticks>(time.tv_nsec);
  }

  bool counter_ = false;
  double ns_per_tick_ = 1.0;
  std::string source_ = "clock_gettime";
  std::string note_;
  double resolution_ns_ = 0.0;
  double overhead_ns_ = 0.0;
};

}  // namespace getput::bench
