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
// live, an attempt that succeeds with a reference held, a removal that never drains.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "bench/catalog/registry.hpp"
#include "bench/engine/team.hpp"
#include "bench/oracle/oracle.hpp"
#include "bench/trial/controls.hpp"
#include "bench/workloads/removal/actors.hpp"
#include "bench/workloads/removal/grid.hpp"
#include "bench/workloads/removal/tally.hpp"

namespace getput::bench::removal {

/// Asks to stop when a trial takes so long that a removal cannot be going to end. It sleeps
/// meanwhile, so it disturbs no burst.
class Watchdog {
 public:
  explicit Watchdog(std::chrono::milliseconds limit)
      : thread_([this, limit](const std::stop_token& done) {
          std::unique_lock lock(mutex_);
          const bool ended =
              wake_.wait_for(lock, done, limit, [&] { return done.stop_requested(); });
          if (!ended) {
            give_up_.request_stop();
          }
        }) {}

  std::stop_token token() const { return give_up_.get_token(); }

 private:
  std::stop_source give_up_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it uses the others, and its destructor asks it to end
};

template <class S>
class RemovalCell final : public Cell {
 public:
  explicit RemovalCell(const CellSpec& spec)
      : params_(Params::from_json(spec.params)), hold_loops_(HoldLoops::for_ns(params_.hold_ns)) {}

  Measurement run(TrialContext& trial) override {
    Tally tally;
    tally.callers.resize(params_.callers);
    for (auto* samples : {&tally.remover.stop, &tally.remover.drained, &tally.remover.attempt,
                          &tally.remover.barrier}) {
      samples->reserve(kMostSamples);
    }
    std::vector<BurstReport> bursts;
    std::vector<Tally::Mark> marks;  // one a round: where its samples begin
    {
      const Watchdog watchdog(kLimit);
      const double ms = trial.burst_ms / ControlSet::kRounds;
      bursts = trial.controls.interleave([&](unsigned round) {
        if (round == marks.size()) {
          marks.push_back(tally.mark());
        } else {
          tally.drop_since(marks[round]);
        }
        return burst(trial.team, tally, watchdog.token(), ms);
      });
    }
    Measurement result = measure(bursts, tally, params_);
    Verdict verdict;
    judge(tally, S::info, verdict);
    oracle::check_quiescent(slot_->object, verdict);
    result.oracle_ok = verdict.ok();
    result.oracle_detail = verdict.detail();
    return result;
  }

 private:
  static constexpr std::chrono::milliseconds kLimit{10'000};

  struct alignas(kLine) Slot {
    S object;
  };

  BurstReport burst(Team& team, Tally& tally, const std::stop_token& give_up, double measure_ms) {
    return team.run_burst(measure_ms, [&](WorkerContext& worker) {
      [[maybe_unused]] const ThreadGuardFor<S> guard{};
      S& object = *opaque(&slot_->object);
      if (worker.rank() < params_.callers) {
        Caller<S>(object, scene_, tally.callers[worker.rank()].value, hold_loops_).work(worker);
      } else {
        Remover<S>(object, scene_, tally.remover, give_up).work(worker);
      }
    });
  }

  Params params_;
  std::uint64_t hold_loops_;
  std::unique_ptr<Slot> slot_ = std::make_unique<Slot>();
  Scene scene_;
};

/// The workload as the registry knows it.
template <class S>
WorkloadEntry workload() {
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
