// SPDX-License-Identifier: MIT
#include "bench/engine/clock.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace getput::bench {
namespace {

constexpr double kCalibrationNs = 8e6;
constexpr double kAgreement = 1e-3;  // two calibrations may differ by so much

/// Does the counter of this CPU run at one rate in every power state? Empty, or why not.
std::string counter_unusable() {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned kInvariantTsc = 1U << 8;
  if (__get_cpuid(0x80000007U, &a, &b, &c, &d) == 0 || (d & kInvariantTsc) == 0) {
    return "the CPU (or its hypervisor) does not promise an invariant time stamp counter";
  }
  return {};
#elif defined(__aarch64__)
  return {};
#else
  return "no counter of this architecture is known here";
#endif
}

}  // namespace

const Clock& Clock::instance() {
  static const Clock clock;
  return clock;
}

Clock::Clock() {
  note_ = counter_unusable();
  if (note_.empty()) {
    calibrate_counter();
  }
  measure_itself();
}

void Clock::calibrate_counter() {
  counter_ = true;
  double rates[2];
  for (double& rate : rates) {
    const Ticks system_begin = system_now();
    const Ticks begin = now();
    Ticks system_end = 0;
    do {
      system_end = system_now();
    } while (static_cast<double>(system_end - system_begin) < kCalibrationNs);
    const Ticks end = now();
    rate = static_cast<double>(system_end - system_begin) / static_cast<double>(end - begin);
  }
  if (std::abs(rates[0] - rates[1]) > kAgreement * rates[0]) {
    counter_ = false;
    note_ = "two calibrations of the counter differ by more than 0.1 %";
    return;
  }
  ns_per_tick_ = (rates[0] + rates[1]) / 2;
#if defined(__x86_64__)
  source_ = "tsc";
#else
  source_ = "cntvct";
#endif
}

void Clock::measure_itself() {
  constexpr int kReadings = 20000;
  Ticks smallest = std::numeric_limits<Ticks>::max();
  const Ticks begin = now();
  Ticks last = begin;
  for (int i = 0; i < kReadings; ++i) {
    const Ticks reading = now();
    if (reading > last) {
      smallest = std::min(smallest, reading - last);
    }
    last = reading;
  }
  resolution_ns_ = ns(smallest);
  overhead_ns_ = ns(last - begin) / kReadings;
}

}  // namespace getput::bench
