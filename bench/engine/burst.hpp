// SPDX-License-Identifier: MIT
// What the threads of a team report about one timed burst.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/engine/clock.hpp"
#include "bench/engine/thread_usage.hpp"

namespace getput::bench {

/// What one thread reports about one burst. Times are clock ticks.
struct WorkerReport {
  unsigned rank = 0;
  unsigned pu = 0;
  Clock::Ticks active_begin = 0;  ///< first operation, warm phase
  Clock::Ticks begin = 0;         ///< start of the own window
  Clock::Ticks end = 0;           ///< end of the own window
  Clock::Ticks active_end = 0;    ///< last operation, cool phase
  std::uint64_t ops = 0;          ///< counted inside the window
  /// From before any worker's window until after every worker's window, so that a worker that lost
  /// its CPU beside its own window and inside another one's is seen too.
  ThreadUsage usage;
  Clock::Ticks usage_ticks = 0;  ///< length of that time
  bool stayed = true;            ///< on the own PU at both ends of the window, and still pinned
  std::uint32_t clock_gaps = 0;  ///< rank 0: readings of the clock that came far too late
  Clock::Ticks longest_gap = 0;  ///< the longest of them

  /// Nanoseconds an operation took this thread; 0 when it finished none.
  double ns_per_op() const;
};

/// What a burst was like, for the validity gate and for the cost.
struct BurstReport {
  std::vector<WorkerReport> workers;

  /// The mean over threads of own window / own operations: what an operation costs a thread.
  double mean_ns_per_op() const;
  std::uint64_t ops() const;
  double wall_ns() const;  ///< the longest window
  /// The smallest share of any thread's window in which all threads were at work; 0..1.
  double overlap() const;
  long involuntary_switches() const;
  bool all_stayed() const;
};

}  // namespace getput::bench
