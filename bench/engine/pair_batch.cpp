// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/engine/clock.hpp"
#include "bench/engine/pair_batch.hpp"

namespace getput::bench {

double HoldLoops::measured_ns(std::uint64_t loops) {
  constexpr int kTries = 15;
  constexpr std::uint64_t kAtLeast = 20000;  // long against a reading of the clock
  const std::uint64_t repeat =
      std::max<std::uint64_t>(1, kAtLeast / std::max<std::uint64_t>(1, loops));
  const Clock& clock = Clock::instance();
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < kTries; ++i) {
    const Clock::Ticks begin = clock.now();
    for (std::uint64_t k = 0; k < repeat; ++k) {
      hold(loops);
    }
    best = std::min(best, clock.ns(clock.now() - begin) / static_cast<double>(repeat));
  }
  return best;
}

double HoldLoops::per_ns() {
  constexpr std::uint64_t kProbe = 100000;
  static const double loops_per_ns = static_cast<double>(kProbe) / measured_ns(kProbe);
  return loops_per_ns;
}

std::uint64_t HoldLoops::for_ns(double nanoseconds) {
  if (nanoseconds <= 0.0) {
    return 0;
  }
  return std::max<std::uint64_t>(1,
                                 static_cast<std::uint64_t>(std::llround(nanoseconds * per_ns())));
}

}  // namespace getput::bench
