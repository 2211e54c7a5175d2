// SPDX-License-Identifier: MIT
// pairs: what does one try_get and its put cost?
//
// A trial makes its objects at a place drawn at random and times every thread of the team on the
// same loop (loops.hpp) for a few milliseconds. The value is the mean over threads of own window /
// own pairs: what a pair takes as a thread sees it. Refused gets are counted apart and never as
// pairs. With put:other the cost of handing the ticket over is inside the value; the scheme `none`
// of the same run shows how much that is. Where the thread waits or multiplies under the reference,
// the value is what the pair adds to that (added.hpp).
//
// Oracle, after each trial: the references balance and stop() is final, for every object. A fault
// that shows one time in a million needs millions of pairs, so trial 0 of a cell, if its process
// has not yet done kOraclePairs of them, does the rest untimed, in the cell's own shape. Trial 0
// also stops the object while the threads use it.
#pragma once

#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "bench/catalog/registry.hpp"
#include "bench/engine/team.hpp"
#include "bench/oracle/oracle.hpp"
#include "bench/trial/schedule.hpp"
#include "bench/trial/summary.hpp"
#include "bench/workloads/pairs/added.hpp"
#include "bench/workloads/pairs/grid.hpp"
#include "bench/workloads/pairs/loops.hpp"
#include "bench/workloads/pairs/objects.hpp"

namespace getput::bench::pairs {

/// A fault of one in a million escapes so many pairs once in twenty; one that counts to a million
/// and then strikes, never.
inline constexpr std::uint64_t kOraclePairs = 3'000'000;
/// ... but a scheme at a microsecond a pair shall not stop the run.
inline constexpr double kOracleAtMostNs = 4e9;
inline constexpr double kHandoverAtMostNs = 3e8;
inline constexpr unsigned kStopsUnderFire = 8;
/// Slices of both arms take so many times the burst of a cell that is timed by itself.
inline constexpr double kAddedTimes = 3.0;

template <class S>
class PairsCell final : public Cell {
 public:
  explicit PairsCell(const CellSpec& spec)
      : params_(Params::from_json(spec.params)), hold_loops_(HoldLoops::for_ns(params_.hold_ns)) {}

  [[gnu::cold]] Measurement run(TrialContext& trial) override {
    prepare(trial);
    hold_references(trial.team);
    Measurement result = measure(trial);
    let_references_go(trial.team);
    result.metrics["failed_gets"] = failed_gets();
    if (params_.hold_ns != 0) {
      result.metrics["hold_measured_ns"] = HoldLoops::measured_ns(hold_loops_);
    }
    judge(trial, result);
    objects_.reset();
    return result;
  }

 private:
  /// Where a thread works or waits under a reference, a pair's price is what it adds to that.
  [[gnu::cold]] Measurement measure(TrialContext& trial) {
    if (params_.inside_chain) {
      Measurement result = measure_added(trial, InsideChain{});
      result.metrics["chain_multiplications"] = kChainMultiplications;
      return result;
    }
    const bool held = params_.hold_ns != 0 && params_.state == State::live &&
                      !params_.put_by_other && objects_->of(0).size() == 1;
    return held ? measure_added(trial, Held{hold_loops_}) : measure_pairs(trial);
  }

  [[gnu::cold]] Measurement measure_pairs(TrialContext& trial) {
    trial.schedule.declare({.burst = [&](double ms) {
      return params_.hold_ns == 0 ? burst<false>(trial.team, ms) : burst<true>(trial.team, ms);
    }});
    trial.schedule.run();
    return combine(trial.schedule.kept("subject"), "ns/pair");
  }

  template <class Work>
  [[gnu::cold]] Measurement measure_added(TrialContext& trial, const Work& pair_work) {
    std::vector<Padded<None<>>> nothing(trial.team.size());
    SlicedArms arms;
    arms.baseline = Work::kBaseline;
    arms.copies = kAddedCopies;
    arms.work.around = [](WorkerContext&, const std::function<void()>& slices) {
      [[maybe_unused]] const ThreadGuardFor<S> guard{};
      slices();
    };
    arms.work.run = [&](WorkerContext& worker, SliceStep step, Slice& slice) {
      const unsigned rank = worker.rank();
      std::uint64_t& failed = failed_[rank].value;
      if (step.arm == kSubject) {
        kAddedSlices<S, Work>[step.copy](objects_->of(rank).front(), pair_work, slice, failed);
      } else {
        kAddedSlices<None<>, Work>[step.copy](&nothing[rank].value, pair_work, slice, failed);
      }
    };
    const SliceSettings settings{kAddedTimes * trial.burst_ms, trial.seed, trial.planted_ns};
    Measurement result = trial.schedule.run_slices(arms, settings, "ns/pair");
    pairs_done_ += result.ops;
    return result;
  }

  [[gnu::cold]] void prepare(TrialContext& trial) {
    objects_.reset();  // of a trial that ended with an exception
    objects_ = std::make_unique<Objects<S>>(params_, trial.team, trial.schedule.random());
    rings_ = std::vector<ParcelRing<S>>(params_.put_by_other ? trial.team.size() : 0);
    failed_.assign(trial.team.size(), {});
  }

  /// state:held and state:going: each thread takes a reference of its own first.
  [[gnu::cold]] void hold_references(Team& team) {
    if (params_.state == State::live) {
      return;
    }
    held_.assign(team.size(), {});
    team.run_task([this](WorkerContext& worker) {
      [[maybe_unused]] const ThreadGuardFor<S> guard{};
      held_[worker.rank()] = objects_->of(worker.rank()).front()->try_get();
    });
    if (params_.state == State::going) {
      objects_->for_each([](S& object) { object.stop(); });
      going_now_ = true;
    }
  }

  [[gnu::cold]] void let_references_go(Team& team) {
    if (params_.state == State::live) {
      return;
    }
    if (params_.state == State::going) {
      objects_->for_each([](S& object) { object.restart(); });
      going_now_ = false;
    }
    team.run_task([this](WorkerContext& worker) {
      [[maybe_unused]] const ThreadGuardFor<S> guard{};
      objects_->of(worker.rank()).front()->put(held_[worker.rank()]);
    });
  }

  /// The cell's loop for one thread.
  template <bool Holds, class Keep>
  void work(unsigned rank, Keep&& keep) {
    const std::vector<S*>& mine = objects_->of(rank);
    std::uint64_t failed = 0;
    if (going_now_) {
      loop_going(mine.front(), held_[rank], keep);
    } else if (params_.put_by_other) {
      ParcelRing<S>& outgoing = rings_[(rank + 1) % rings_.size()];
      failed = loop_handover<Holds>(mine, rings_[rank], outgoing, hold_loops_, keep);
    } else if (mine.size() == 1) {
      failed = loop_one<Holds>(mine.front(), hold_loops_, keep);
    } else {
      failed = loop_many<Holds>(mine, hold_loops_, keep);
    }
    failed_[rank].value += failed;
  }

  template <bool Holds>
  BurstReport burst(Team& team, double measure_ms) {
    BurstReport report = team.run_burst(measure_ms, [this](WorkerContext& worker) {
      [[maybe_unused]] const ThreadGuardFor<S> guard{};
      bool first = true;
      work<Holds>(worker.rank(), [&](unsigned done) {
        // The first question comes before any work.
        worker.count(first ? 0 : done);
        first = false;
        return worker.more();
      });
    });
    finish_handover(team);
    pairs_done_ += report.ops();
    return report;
  }

  [[gnu::cold]] void finish_handover(Team& team) {
    if (params_.put_by_other) {
      team.run_task([this](WorkerContext& worker) {
        [[maybe_unused]] const ThreadGuardFor<S> guard{};
        empty_ring(rings_[worker.rank()]);
      });
    }
  }

  /// Untimed pairs up to kOraclePairs; holding adds nothing to what they can find. Handing over
  /// goes at the pace of the slower thread, so the rest of such a cell is put where it was taken.
  [[gnu::cold]] void more_pairs(Team& team) {
    if (pairs_done_ < kOraclePairs) {
      some_pairs(team, params_.put_by_other ? kHandoverAtMostNs : kOracleAtMostNs,
                 [this](unsigned rank, auto&& keep) { this->template work<false>(rank, keep); });
      finish_handover(team);
    }
    if (pairs_done_ < kOraclePairs) {
      some_pairs(team, kOracleAtMostNs, [this](unsigned rank, auto&& keep) {
        loop_many<false>(objects_->of(rank), 0, keep);
      });
    }
  }

  template <class Loop>
  void some_pairs(Team& team, double at_most_ns, Loop&& loop) {
    const std::uint64_t each = (kOraclePairs - pairs_done_) / team.size() + kBatch;
    const Clock& clock = Clock::instance();
    const Clock::Ticks until = clock.now() + clock.ticks(at_most_ns);
    std::vector<Padded<std::uint64_t>> put(team.size());
    team.run_task([&](WorkerContext& worker) {
      [[maybe_unused]] const ThreadGuardFor<S> guard{};
      std::uint64_t& mine = put[worker.rank()].value;
      bool first = true;
      loop(worker.rank(), [&](unsigned done) {
        mine += first ? 0 : done;
        first = false;
        return mine < each && clock.now() < until;
      });
    });
    for (const auto& share : put) {
      pairs_done_ += share.value;
    }
  }

  [[gnu::cold]] void judge(TrialContext& trial, Measurement& result) {
    Team& team = trial.team;
    Verdict verdict;
    // Once in a run, because it takes far longer than the timed part.
    const bool under_fire = trial.number == 0 && !std::exchange(under_fire_, true);
    if (trial.number == 0) {
      more_pairs(team);
    }
    if (const std::uint64_t failed = failed_gets(); failed != 0) {
      verdict.wrong(std::to_string(failed) + " gets were refused although the object was live");
    }
    objects_->for_each([&](S& object) { oracle::check_quiescent(object, verdict); });
    if constexpr (S::info.removal && S::info.shared_by_threads) {
      if (under_fire && verdict.ok()) {
        oracle::check_stop_under_fire(*objects_->of(0).front(), team, kStopsUnderFire, verdict);
      }
    }
    result.metrics["oracle_pairs"] = pairs_done_;
    result.oracle_ok = verdict.ok();
    result.oracle_detail = verdict.detail();
  }

  std::uint64_t failed_gets() const {
    return std::accumulate(
        failed_.begin(), failed_.end(), std::uint64_t{0},
        [](std::uint64_t sum, const Padded<std::uint64_t>& one) { return sum + one.value; });
  }

  Params params_;
  std::uint64_t hold_loops_;
  std::unique_ptr<Objects<S>> objects_;
  std::vector<ParcelRing<S>> rings_;
  std::vector<Padded<std::uint64_t>> failed_;
  std::vector<typename S::Ticket> held_;  // state:held, state:going: one a thread
  bool going_now_ = false;
  std::uint64_t pairs_done_ = 0;
  bool under_fire_ = false;  ///< check_stop_under_fire() is done
};

/// The workload as the registry knows it.
template <class S>
[[gnu::cold]] WorkloadEntry workload() {
  WorkloadEntry entry;
  entry.name = kName;
  entry.summary = kSummary;
  entry.enumerate = [](const GridRequest& request) { return enumerate(S::info, request); };
  entry.make = [](const CellSpec& spec, const GridRequest&) -> std::unique_ptr<Cell> {
    return std::make_unique<PairsCell<S>>(spec);
  };
  return entry;
}

}  // namespace getput::bench::pairs
