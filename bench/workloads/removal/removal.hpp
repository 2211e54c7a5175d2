// SPDX-License-Identifier: MIT
// removal: what does taking the module away cost?
//
// The last rank of the team removes the module again and again while the ranks before it call into
// it. One removal is: an attempt that must fail because a reference is held (try_stop), then
// stop(), wait_drained(), the text unmapped and mapped again, restart(). The value is the median
// over the removals of a trial of stop -> drained; the metrics have the distributions, the failed
// attempt, what callers saw (refusals, spurious failures, their longest single call).
//
// Oracle: a caller inside an unmapped text, a get that began after stop() returned, a refusal while
// live, an attempt that succeeds with a reference held, a removal that does not drain once the
// callers have left. A removal that takes too long while they run rejects the attempt: a slow
// machine is no fault of the scheme.
#pragma once

#include <chrono>
#include <memory>

#include "bench/catalog/registry.hpp"
#include "bench/engine/team.hpp"
#include "bench/oracle/oracle.hpp"
#include "bench/trial/schedule.hpp"
#include "bench/workloads/kit/placed_objects.hpp"
#include "bench/workloads/removal/actors.hpp"
#include "bench/workloads/removal/grid.hpp"
#include "bench/workloads/removal/tally.hpp"
#include "bench/workloads/removal/watchdog.hpp"

namespace getput::bench::removal {

/// Longer than any removal on a machine that gives its threads their CPUs.
inline constexpr std::chrono::milliseconds kRemovalLimit{10'000};

template <class S>
class RemovalCell final : public Cell {
 public:
  explicit RemovalCell(const CellSpec& spec, std::chrono::milliseconds limit = kRemovalLimit)
      : params_(Params::from_json(spec.params)),
        hold_loops_(HoldLoops::for_ns(params_.hold_ns)),
        limit_(limit) {}

  [[gnu::cold]] Measurement run(TrialContext& trial) override {
    PlacedObjects<S> placed(1, trial.schedule.random());
    trial.team.run_task([&](WorkerContext& worker) {
      if (worker.rank() == 0) {
        placed.make();
      }
    });
    S& object = *placed.at(0);
    Tally tally(params_.callers);
    time_removals(trial, object, tally);
    if (tally.remover.gave_up) {
      end_removal(object, tally);
    }
    Measurement result = measure(trial.schedule.kept("subject"), tally, params_);
    Verdict verdict;
    judge(tally, S::info, verdict);
    oracle::check_quiescent(object, verdict);
    result.oracle_ok = verdict.ok();
    result.oracle_detail = verdict.detail();
    return result;
  }

 private:
  [[gnu::cold]] void time_removals(TrialContext& trial, S& object, Tally& tally) {
    Watchdog watchdog(limit_);
    Tally::Mark mark;  // where the notes of the latest burst begin
    trial.schedule.declare(
        {.burst =
             [&](double ms) {
               mark = tally.mark();
               return burst(trial.team, object, tally, watchdog, ms);
             },
         .drop = [&] { tally.drop_since(mark); },
         .value = [&](const BurstReport&) { return tally.drained_since(mark); }});
    trial.schedule.run();
  }

  BurstReport burst(Team& team, S& shared, Tally& tally, Watchdog& watchdog, double measure_ms) {
    return team.run_burst(measure_ms, [&](WorkerContext& worker) {
      [[maybe_unused]] const ThreadGuardFor<S> guard{};
      S& object = *opaque(&shared);
      if (worker.rank() < params_.callers) {
        Caller<S>(object, scene_, tally.callers[worker.rank()].value, hold_loops_).work(worker);
      } else {
        Remover<S>(object, scene_, tally.remover, watchdog).work(worker);
      }
    });
  }

  /// Ends the removal that the remover gave up, now that the callers have left: a lost put shows as
  /// an object that does not drain.
  [[gnu::cold]] void end_removal(S& object, Tally& tally) {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    if (!oracle::drains(object)) {
      ++tally.remover.not_drained;
    }
    scene_.stage.announce(Step::restarting);
    object.restart();
    scene_.stage.tell(Step::live);
  }

  Params params_;
  std::uint64_t hold_loops_;
  std::chrono::milliseconds limit_;
  Scene scene_;
};

/// The workload as the registry knows it.
template <class S>
[[gnu::cold]] WorkloadEntry workload() {
  WorkloadEntry entry;
  entry.name = kName;
  entry.summary = kSummary;
  entry.enumerate = [](const GridRequest& request) { return enumerate(S::info, request); };
  entry.make = [](const CellSpec& spec, const GridRequest&) -> std::unique_ptr<Cell> {
    return std::make_unique<RemovalCell<S>>(spec);
  };
  return entry;
}

}  // namespace getput::bench::removal
