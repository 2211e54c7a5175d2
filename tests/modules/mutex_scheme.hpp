// SPDX-License-Identifier: MIT
// The simplest scheme that can be right: a count and a flag under a mutex. The loader's tests use
// it as the yardstick beside the real ones.
#pragma once

#include <condition_variable>
#include <mutex>

#include "schemes/scheme.hpp"

namespace getput::test {

class MutexScheme {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{.name = "mutex",
                                   .summary = "a count and a flag under a mutex",
                                   .origin = "test",
                                   .get_progress = Progress::blocking,
                                   .put_progress = Progress::blocking,
                                   .stop_progress = Progress::blocking};

  Ticket try_get() noexcept {
    const std::lock_guard lock(mutex_);
    inside_ += going_ ? 0 : 1;
    return Ticket(!going_);
  }
  Ticket get(const Ticket&) noexcept {
    const std::lock_guard lock(mutex_);
    ++inside_;
    return Ticket(true);
  }
  void put(Ticket) noexcept {
    const std::lock_guard lock(mutex_);
    --inside_;
    changed_.notify_all();
  }
  bool try_stop() {
    const std::lock_guard lock(mutex_);
    going_ = inside_ == 0;
    return going_;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    going_ = true;
  }
  bool drained() {
    const std::lock_guard lock(mutex_);
    return inside_ == 0;
  }
  void wait_drained(std::stop_token token) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, token, [this] { return inside_ == 0; });
  }
  void restart() {
    const std::lock_guard lock(mutex_);
    going_ = false;
  }
  std::int64_t count() const {
    const std::lock_guard lock(mutex_);
    return inside_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool going_ = false;
  std::int64_t inside_ = 0;
};

/// A scheme that can be waited for but not asked: no try_stop.
class WaitOnlyScheme : public MutexScheme {
 public:
  static constexpr SchemeInfo info{.name = "wait_only",
                                   .summary = "cannot decide without waiting",
                                   .origin = "test",
                                   .hold_across_sleep = false,
                                   .try_stop = false};
};

}  // namespace getput::test
