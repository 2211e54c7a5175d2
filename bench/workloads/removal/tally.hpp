// SPDX-License-Identifier: MIT
// What the actors of a removal cell write down, and what becomes of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/engine/clock.hpp"
#include "bench/engine/line.hpp"
#include "bench/engine/team.hpp"
#include "bench/oracle/oracle.hpp"
#include "bench/workloads/removal/grid.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::removal {

/// One caller's notes; each on lines of its own.
struct CallerTally {
  std::uint64_t calls = 0;         ///< references taken and given back
  std::uint64_t refused = 0;       ///< while the module was going: right
  std::uint64_t spurious = 0;      ///< during an attempt that then failed
  std::uint64_t refused_live = 0;  ///< WRONG
  std::uint64_t late = 0;          ///< WRONG: began after stop() returned, and succeeded
  std::uint64_t gone = 0;          ///< WRONG: inside although drained
  Clock::Ticks longest = 0;        ///< the longest single try_get or put inside the window
};

/// The remover's notes: one sample a removal, in ticks.
struct RemoverTally {
  std::vector<Clock::Ticks> stop;       ///< duration of stop()
  std::vector<Clock::Ticks> drained;    ///< start of stop() until wait_drained() has returned
  std::vector<Clock::Ticks> attempt;    ///< duration of a try_stop() that failed
  std::vector<Clock::Ticks> barrier;    ///< duration of one membarrier(2), callers running
  std::uint64_t own_get_refused = 0;    ///< WRONG: the remover's own try_get on a live object
  std::uint64_t attempt_succeeded = 0;  ///< WRONG: try_stop() true with a reference held
  std::uint64_t late = 0;               ///< WRONG: own try_get after stop() succeeded
  std::uint64_t not_drained = 0;        ///< WRONG: not even after the callers had left
  bool gave_up = false;                 ///< a removal took too long: the attempt is rejected
};

struct Tally {
  /// A place to go back to, see drop_since().
  struct Mark {
    std::size_t stop;
    std::size_t drained;
    std::size_t attempt;
    std::size_t barrier;
    std::vector<Clock::Ticks> longest;
  };

  explicit Tally(unsigned callers_of_cell);

  std::vector<Padded<CallerTally>> callers;
  RemoverTally remover;

  CallerTally all_callers() const;
  Mark mark() const;
  /// Drops the times taken since the mark: their burst was void. What was WRONG in it stays.
  void drop_since(const Mark& mark);
  /// The median of stop -> drained since the mark, in nanoseconds; empty without a removal.
  std::optional<double> drained_since(const Mark& mark) const;
};

/// More samples than a burst has removals; more are dropped (and counted in ops).
inline constexpr std::size_t kMostSamples = 1U << 16U;

/// The measurement without the oracle: ns_per_op is the median of stop -> drained.
Measurement measure(const std::vector<BurstReport>& bursts, const Tally& tally,
                    const Params& params);

/// Everything marked WRONG above, as far as the scheme promises it.
void judge(const Tally& tally, const SchemeInfo& info, Verdict& verdict);

}  // namespace getput::bench::removal
