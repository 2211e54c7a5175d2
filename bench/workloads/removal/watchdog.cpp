// SPDX-License-Identifier: MIT
#include "bench/workloads/removal/watchdog.hpp"

#include <algorithm>

namespace getput::bench::removal {

Watchdog::Watchdog(std::chrono::milliseconds limit)
    : thread_([this, limit](const std::stop_token& done) { watch(done, limit); }) {
}

void Watchdog::watch(const std::stop_token& done, std::chrono::nanoseconds limit) {
  constexpr std::chrono::milliseconds kShortestNap{1};
  std::unique_lock lock(mutex_);
  std::chrono::nanoseconds nap = limit;
  for (;;) {
    wake_.wait_for(lock, done, nap, [] { return false; });
    if (done.stop_requested()) {
      return;
    }
    const Clock::Ticks begun = begun_.value.load(std::memory_order_relaxed);
    std::chrono::nanoseconds elapsed{0};
    if (begun != kNone) {
      elapsed = std::chrono::nanoseconds(static_cast<long>(clock_.ns(clock_.now() - begun)));
    }
    if (elapsed >= limit) {
      give_up_.request_stop();
      return;
    }
    nap = std::max<std::chrono::nanoseconds>(limit - elapsed, kShortestNap);
  }
}

}  // namespace getput::bench::removal
