// SPDX-License-Identifier: MIT
// The watchdog of a trial: ends the wait of a removal that takes too long.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include "bench/engine/clock.hpp"
#include "bench/engine/line.hpp"

namespace getput::bench::removal {

/// Times each removal by itself, whatever the length of the trial. Its thread wakes up once per
/// limit, so that it disturbs no burst of a usual trial.
class Watchdog {
 public:
  explicit Watchdog(std::chrono::milliseconds limit);

  /// Requests a stop once a removal has taken longer than the limit, until the end of the trial.
  std::stop_token token() const { return give_up_.get_token(); }

  /// The remover, around each removal.
  void begin() noexcept { begun_.value.store(clock_.now(), std::memory_order_relaxed); }
  void end() noexcept { begun_.value.store(kNone, std::memory_order_relaxed); }

 private:
  static constexpr Clock::Ticks kNone = 0;

  void watch(const std::stop_token& done, std::chrono::nanoseconds limit);

  const Clock& clock_ = Clock::instance();
  Padded<std::atomic<Clock::Ticks>> begun_;
  std::stop_source give_up_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the others, and its destructor asks it to end
};

}  // namespace getput::bench::removal
