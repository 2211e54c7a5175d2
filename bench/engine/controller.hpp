// SPDX-License-Identifier: MIT
// The controller of a burst: a thread of its own that acts while the workers run, for example to
// unload a module under traffic. It sleeps, and never wakes up, in a burst that has no controller.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

namespace getput::bench {

/// The phases of a burst, see team.hpp.
enum class BurstPhase : std::uint32_t { gate = 0, warm = 1, measure = 2, cool = 3, done = 4 };

/// The burst as its controller sees it.
class ControllerContext {
 public:
  explicit ControllerContext(const std::atomic<std::uint32_t>& phase) noexcept : phase_(phase) {}

  BurstPhase phase() const noexcept {
    return static_cast<BurstPhase>(phase_.load(std::memory_order_acquire));
  }
  /// False once every worker has finished its window. A controller returns soon after that.
  bool running() const noexcept { return phase() != BurstPhase::done; }
  /// Sleeps until the burst has reached @p phase; false when the burst ended before.
  bool wait_for(BurstPhase phase) const;

 private:
  const std::atomic<std::uint32_t>& phase_;
};

/// The thread. One job at a time.
class Controller {
 public:
  Controller() = default;
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  /// Runs @p job on the thread, which the first call creates; pinned to @p pu if there is one, else
  /// on every allowed CPU.
  void start(std::function<void()> job, std::optional<unsigned> pu);
  /// Waits for the job; returns what it threw.
  std::exception_ptr finish();

 private:
  void thread_main();
  void move_to(std::optional<unsigned> pu);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> job_;  ///< empty: none
  std::optional<unsigned> pu_;
  bool quit_ = false;
  std::exception_ptr failure_;
  std::optional<unsigned> pinned_;  ///< of the thread itself
  std::thread thread_;
};

}  // namespace getput::bench
