// SPDX-License-Identifier: MIT
// The team: one persistent thread pinned to each PU of a placement, and the timed burst they run.
//
// A burst has four phases, so that every measured operation ran while ALL threads were running:
//   gate     each thread sets up (thread guards, pointers) and spins until all are there
//   warm     everybody works, nothing counts
//   measure  each thread has stamped its own start and counts
//   cool     each thread has stamped its own end and goes on working, uncounted, until the last
//            thread has stamped its end
// A thread's cost is its own window divided by its own operations. Without the cool phase the last
// threads of a contended burst would be measured with fewer competitors than they are said to have.
//
// Rank 0 keeps the time, reading the clock only every few microseconds; no other thread exists that
// could wake up and preempt a worker, unless the burst has a controller (controller.hpp). Between
// bursts the workers sleep. The stack and the static thread-local storage of each worker lie on the
// node of its PU (local_thread.hpp).
//
//   team.run_burst(3.0, [&](WorkerContext& worker) {
//     Guard guard;                      // set up: not timed
//     while (worker.more()) {           // a relaxed load and a decrement
//       ...a batch of 256 operations...
//       worker.count(256);
//     }
//   });
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "bench/engine/burst.hpp"
#include "bench/engine/clock.hpp"
#include "bench/engine/controller.hpp"
#include "bench/engine/line.hpp"
#include "bench/engine/local_thread.hpp"
#include "bench/engine/thread_usage.hpp"

namespace getput::bench {

class Team;

/// A thread's view of the burst or task it is in.
class WorkerContext {
 public:
  unsigned rank() const noexcept { return rank_; }
  unsigned size() const noexcept { return size_; }
  unsigned pu() const noexcept { return pu_; }

  /// Ask between batches: false ends the burst. The first call is the gate.
  bool more() noexcept {
    if (shared_phase() == phase_ && --looks_left_ != 0) [[likely]] {
      return true;
    }
    return change_phase();
  }
  /// Operations finished since the last call.
  void count(std::uint64_t ops) noexcept { ops_ += ops; }
  /// Is what happens now inside the own window?
  bool measuring() const noexcept { return phase_ == kMeasure; }

  /// Has the burst ended for everybody? For a worker that waits for another one between two calls
  /// of more().
  bool over() const noexcept { return shared_phase() == kDone; }
  /// What the kernel has counted for this thread so far.
  ThreadUsage usage() const noexcept { return usage_->read(); }

  /// For tasks (Team::run_task): has the controller asked to stop?
  bool stopped() const noexcept;
  /// For tasks: spins until every rank is here; may be used again and again.
  void gate() noexcept;

 private:
  friend class Team;
  static constexpr auto kGate = static_cast<std::uint32_t>(BurstPhase::gate);
  static constexpr auto kWarm = static_cast<std::uint32_t>(BurstPhase::warm);
  static constexpr auto kMeasure = static_cast<std::uint32_t>(BurstPhase::measure);
  static constexpr auto kCool = static_cast<std::uint32_t>(BurstPhase::cool);
  static constexpr auto kDone = static_cast<std::uint32_t>(BurstPhase::done);

  std::uint32_t shared_phase() const noexcept;
  bool change_phase() noexcept;
  void pass_gate() noexcept;
  void keep_time() noexcept;
  void look_for_gap(Clock::Ticks since_look) noexcept;
  void enter(std::uint32_t phase) noexcept;

  Team* team_ = nullptr;
  unsigned rank_ = 0;
  unsigned size_ = 0;
  unsigned pu_ = 0;
  std::uint32_t phase_ = kGate;
  std::uint32_t looks_left_ = 1;  ///< calls of more() until rank 0 looks at the clock
  std::uint32_t stride_ = 1;
  std::uint64_t ops_ = 0;
  bool warmed_ = false;
  Clock::Ticks last_look_ = 0;
  Clock::Ticks phase_start_ = 0;
  Clock::Ticks usual_call_ = 0;  ///< rank 0: what a call of more() and its batch usually take
  const UsageReader* usage_ = nullptr;
  ThreadUsage usage_before_;
  Clock::Ticks usage_begin_ = 0;
  WorkerReport report_;
};

/// The pinned threads of one placement. One burst or task at a time, started by one thread.
class Team {
 public:
  /// Starts and pins the threads; throws EnvironmentError when a pin fails (names the PU).
  explicit Team(std::vector<unsigned> pus);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  unsigned size() const noexcept { return static_cast<unsigned>(pus_.size()); }
  const std::vector<unsigned>& pus() const noexcept { return pus_; }

  /// A timed burst of `measure_ms`; `work(WorkerContext&)` must loop on more(). An exception from
  /// `work` is thrown here, after all threads have ended.
  template <class Work>
  BurstReport run_burst(double measure_ms, Work&& work) {
    reset();
    start(measure_ms, &invoke<std::remove_reference_t<Work>>, erase(work), true);
    return finish();
  }

  /// As above, while `control(ControllerContext&)` runs on a thread of its own, pinned to `pu` if
  /// there is one. It may act in any phase, and begins no later than the workers; the burst is
  /// over when all have returned. An exception from `control` ends the burst and is thrown here.
  template <class Work, class Control>
  BurstReport run_burst(double measure_ms, Work&& work, Control&& control,
                        std::optional<unsigned> pu = {}) {
    reset();
    controller_.start(
        [&] {
          ControllerContext context(phase_.value);
          try {
            control(context);
          } catch (...) {
            end_burst();
            throw;
          }
        },
        pu);
    controlled_ = true;
    start(measure_ms, &invoke<std::remove_reference_t<Work>>, erase(work), true);
    return finish();
  }

  /// An untimed task on every thread; returns when all have returned.
  template <class Work>
  void run_task(Work&& work) {
    reset();
    start(0.0, &invoke<std::remove_reference_t<Work>>, erase(work), false);
    finish();
  }

  /// As run_task, while `control()` runs on the calling thread (not pinned: for oracles, never for
  /// times); when it returns, stopped() becomes true.
  template <class Work, class Control>
  void run_task(Work&& work, Control&& control) {
    reset();
    start(0.0, &invoke<std::remove_reference_t<Work>>, erase(work), false);
    try {
      control();
    } catch (...) {
      request_stop();
      finish();
      throw;
    }
    request_stop();
    finish();
  }

 private:
  friend class WorkerContext;
  using Call = void (*)(void*, WorkerContext&);

  template <class Work>
  static void invoke(void* work, WorkerContext& worker) {
    (*static_cast<Work*>(work))(worker);
  }
  template <class Work>
  static void* erase(Work& work) noexcept {
    return const_cast<void*>(static_cast<const volatile void*>(&work));
  }

  void reset() noexcept;
  void start(double measure_ms, Call call, void* work, bool burst);
  BurstReport finish();
  void end_burst() noexcept;
  void request_stop() noexcept { stop_.value.store(true, std::memory_order_relaxed); }
  void thread_main(unsigned rank);
  void run_one(unsigned rank, const UsageReader& usage);
  void shut_down() noexcept;

  std::vector<unsigned> pus_;
  const Clock& clock_;
  Clock::Ticks look_ticks_;
  Clock::Ticks gap_ticks_;

  // What every thread polls, on a line of its own, written once a phase.
  Padded<std::atomic<std::uint32_t>> phase_;
  Padded<std::atomic<bool>> stop_;
  // Arrivals; each is touched once a phase by each thread.
  Padded<std::atomic<std::uint32_t>> arrived_;
  Padded<std::atomic<std::uint32_t>> warmed_;
  Padded<std::atomic<std::uint32_t>> started_;
  Padded<std::atomic<std::uint32_t>> ended_;
  Padded<std::atomic<std::uint32_t>> gate_count_;
  Padded<std::atomic<std::uint32_t>> gate_round_;

  // The job, under mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable idle_;
  std::uint64_t job_ = 0;
  unsigned running_ = 0;
  bool quit_ = false;
  bool burst_ = false;
  Call call_ = nullptr;
  void* work_ = nullptr;
  Clock::Ticks warm_ticks_ = 0;
  Clock::Ticks measure_ticks_ = 0;
  std::exception_ptr failure_;

  std::vector<Padded<WorkerReport>> reports_;
  std::vector<std::string> pin_errors_;
  Controller controller_;
  bool controlled_ = false;
  std::list<LocalThread> threads_;
};

inline std::uint32_t WorkerContext::shared_phase() const noexcept {
  return team_->phase_.value.load(std::memory_order_relaxed);
}

inline bool WorkerContext::stopped() const noexcept {
  return team_->stop_.value.load(std::memory_order_relaxed);
}

}  // namespace getput::bench
