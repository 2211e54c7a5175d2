// SPDX-License-Identifier: MIT
// Time slices: the workers of a team run alternating arms, each for a slice of the shared clock.
//
// All workers derive the slice from the same clock, so they run the same arm at the same time
// without exchanging a message. Within a slice the arm's loop calls Slice::more() after every
// batch; the slice reads the clock there and adds up operations and ticks. Two kinds of batches do
// not count: the first ones after the switch, which run with the cold caches and predictors that
// the other arm left behind, and the one that crosses the end of the slice. An arm may clean up
// after its last batch; that time belongs to no slice.
//
// Arms that share cores, memory and input and alternate every 25 to 400 us see the same machine.
// The difference of two neighbouring slices therefore resolves far less than two long bursts do
// (docs/methodology.md).
//
// The clock need not be a counter: where the time stamp counter is not invariant, Clock reads
// clock_gettime(2), and each batch pays that call in both arms alike.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "bench/engine/clock.hpp"
#include "bench/engine/pair_batch.hpp"
#include "bench/engine/team.hpp"

namespace getput::bench {

/// What runs in one slice: an arm, and which compiled copy of it.
struct SliceStep {
  std::uint8_t arm = 0;
  std::uint8_t copy = 0;
};

/// One worker's slice.
struct SliceRecord {
  double ticks_per_op = 0.0;  ///< mean over the middle half of the batches that count
  Clock::Ticks ticks = 0;     ///< of all batches that count
  std::uint64_t ops = 0;      ///< done in them
  std::uint32_t batches = 0;  ///< how many count
  Clock::Ticks longest = 0;   ///< the longest of them
  double issue_rate = 0.0;    ///< just before the slice (core_probe.hpp)
  bool switched = false;      ///< the worker lost its CPU involuntarily in this slice or before it
};

/// The time of one slice as the loop of an arm sees it. The cost of each batch is kept, because
/// what disturbs a slice (a timer, an exit to the hypervisor) strikes single batches:
///   std::size_t done = 0;
///   while (slice.more(done)) done = one_batch();
class Slice {
 public:
  /// Batches after a switch that do not count.
  static constexpr unsigned kSettlingBatches = 2;

  /// @p planted_loops: iterations of hold() added to every operation, to test what is resolved.
  Slice(const Clock& clock, Clock::Ticks end, double planted_loops) noexcept
      : clock_(clock), end_(end), special_(planted_loops != 0.0), planted_loops_(planted_loops) {}

  /// A slice that is over after @p ops operations and never reads the clock, so that the same code
  /// executes the same instructions each time. Its record is empty.
  explicit Slice(std::uint64_t ops)
      : clock_(Clock::instance()), end_(0), special_(true), counted_(true), ops_left_(ops) {}

  /// To be called before the first batch with 0 and after each batch with its operations. False:
  /// the slice is over, and the batch just done does not count.
  [[gnu::always_inline]] bool more(std::uint64_t ops) noexcept {
    if (special_) [[unlikely]] {
      return more_special(ops);
    }
    return more_timed(ops);
  }

  /// After the loop; computes what the batches amount to.
  SliceRecord record() const;

 private:
  /// Out of line: nothing but a test of one byte is left of it in the timed loop.
  bool more_special(std::uint64_t ops) noexcept;

  [[gnu::always_inline]] bool more_timed(std::uint64_t ops) noexcept {
    const Clock::Ticks now = clock_.now();
    if (now >= end_) {
      return false;
    }
    if (unsettled_ != 0) {
      --unsettled_;
    } else {
      const Clock::Ticks took = now - last_;
      record_.ticks += took;
      record_.ops += ops;
      ++record_.batches;
      record_.longest = took > record_.longest ? took : record_.longest;
      if (kept_ != kKept) {
        costs_[kept_++] = {took, ops};
      }
    }
    last_ = now;
    return true;
  }

  const Clock& clock_;
  Clock::Ticks end_;
  bool special_;                ///< planted or counted
  bool counted_ = false;        ///< bounded by operations, not by time
  std::uint64_t ops_left_ = 0;  ///< of a counted slice
  double planted_loops_ = 0.0;
  unsigned unsettled_ = kSettlingBatches + 1;  // the call before the first batch starts the clock
  Clock::Ticks last_ = 0;
  SliceRecord record_;
  // Batches beyond these are only added up.
  static constexpr std::size_t kKept = 64;
  struct Batch {
    Clock::Ticks ticks;
    std::uint64_t ops;
  };
  std::size_t kept_ = 0;
  std::array<Batch, kKept> costs_;
};

/// The order of the slices and their length.
struct SlicePlan {
  std::vector<SliceStep> steps;
  Clock::Ticks length = 0;
  std::uint8_t planted_arm = 0;
  double planted_ns = 0.0;  ///< per operation of planted_arm; 0 in every real measurement
};

/// The code of the arms.
struct SlicedWork {
  /// Runs on each worker around all of its slices: thread guards, registration. Calls @p slices
  /// once.
  std::function<void(WorkerContext&, const std::function<void()>& slices)> around;
  /// Runs one slice: calls slice.more() until it is false, then cleans up.
  std::function<void(WorkerContext&, SliceStep, Slice&)> run;
};

/// Runs the plan on every worker. result[worker][step]; a slice that a worker missed as a whole has
/// no batches.
std::vector<std::vector<SliceRecord>> run_slices(Team& team, const SlicePlan& plan,
                                                 const SlicedWork& work);

}  // namespace getput::bench
