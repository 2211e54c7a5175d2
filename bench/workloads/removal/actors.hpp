// SPDX-License-Identifier: MIT
// The two roles of a removal cell. Callers take references, look at the text and leave; the remover
// attempts, stops, waits, unmaps, maps and restarts.
#pragma once

#include <algorithm>

#include "bench/engine/pair_batch.hpp"
#include "bench/engine/team.hpp"
#include "bench/workloads/removal/stage.hpp"
#include "bench/workloads/removal/tally.hpp"
#include "bench/workloads/removal/watchdog.hpp"
#include "schemes/machine/native.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::removal {

/// What the actors share besides the object.
struct Scene {
  Stage stage;
  Text text;
};

template <class S>
class Caller {
 public:
  Caller(S& object, Scene& scene, CallerTally& tally, std::uint64_t hold_loops)
      : object_(object), scene_(scene), tally_(tally), hold_loops_(hold_loops) {}

  /// Until the burst ends. Callers read the clock at every call: their rate is not a result, the
  /// longest time one of their calls took is.
  void work(WorkerContext& worker) {
    while (worker.more()) {
      const std::uint64_t before = tally_.calls;
      for (unsigned i = 0; i < kCalls; ++i) {
        call(worker);
      }
      worker.count(tally_.calls - before);
    }
  }

 private:
  // Few, so that a window of a stalled caller still ends in time.
  static constexpr unsigned kCalls = 16;

  void call(WorkerContext& worker) {
    const std::uint64_t before = scene_.stage.now();
    const Clock::Ticks begin = clock_.now();
    auto ticket = object_.try_get();
    const Clock::Ticks got = clock_.now();
    const std::uint64_t after = scene_.stage.settled();
    if (!ticket) {
      note_refusal(before, after);
      note_time(worker, got - begin);
      machine::Native::cpu_relax();
      return;
    }
    bool gone = scene_.text.gone();
    hold(hold_loops_);
    gone = scene_.text.gone() || gone;
    const Clock::Ticks leaving = clock_.now();
    object_.put(ticket);
    note_time(worker, std::max(got - begin, clock_.now() - leaving));
    ++tally_.calls;
    tally_.gone += gone ? 1U : 0U;
    tally_.late += Stage::stopped_throughout(before, after) ? 1U : 0U;
  }

  void note_refusal(std::uint64_t before, std::uint64_t after) {
    if (Stage::live_throughout(before, after)) {
      ++tally_.refused_live;
    } else if (Stage::not_stopped(before, after)) {
      ++tally_.spurious;
    } else {
      ++tally_.refused;
    }
  }

  void note_time(const WorkerContext& worker, Clock::Ticks took) {
    if (worker.measuring()) {
      tally_.longest = std::max(tally_.longest, took);
    }
  }

  S& object_;
  Scene& scene_;
  CallerTally& tally_;
  std::uint64_t hold_loops_;
  const Clock& clock_ = Clock::instance();
};

template <class S>
class Remover {
 public:
  Remover(S& object, Scene& scene, RemoverTally& tally, Watchdog& watchdog)
      : object_(object),
        scene_(scene),
        tally_(tally),
        watchdog_(watchdog),
        give_up_(watchdog.token()) {}

  /// Removal after removal until the burst ends. After one that took too long the object stays
  /// stopped, so that the callers leave, and the remover is idle; the cell judges it afterwards.
  void work(WorkerContext& worker) {
    while (worker.more()) {
      if (tally_.gave_up) {
        machine::Native::cpu_relax();
        continue;
      }
      const bool sample = worker.measuring() && tally_.drained.size() < kMostSamples;
      attempt(sample);
      remove(sample);
      worker.count(1);
    }
  }

 private:
  // How long the module stays unmapped: enough for a caller on its way to be caught inside.
  static constexpr std::uint64_t kUnmappedLoops = 300;

  /// O_NONBLOCK with a reference held: it has to fail and leave the object live.
  void attempt(bool sample) {
    if constexpr (S::info.try_stop) {
      auto ticket = object_.try_get();
      if (!ticket) {
        ++tally_.own_get_refused;
        return;
      }
      scene_.stage.announce(Step::attempt);
      const Clock::Ticks begin = clock_.now();
      const bool stopped = object_.try_stop();
      const Clock::Ticks end = clock_.now();
      if (stopped) {
        ++tally_.attempt_succeeded;
        object_.restart();
      }
      scene_.stage.tell(Step::live_again);
      object_.put(ticket);
      if (sample) {
        tally_.attempt.push_back(end - begin);
      }
    }
  }

  void remove(bool sample) {
    watchdog_.begin();
    scene_.stage.announce(Step::stopping);
    const Clock::Ticks begin = clock_.now();
    object_.stop();
    const Clock::Ticks stopped = clock_.now();
    scene_.stage.tell(Step::stopped);
    wait_drained();
    const Clock::Ticks drained = clock_.now();
    watchdog_.end();
    if (give_up_.stop_requested()) {
      tally_.gave_up = true;
      return;
    }
    check_stopped();
    if (sample) {
      tally_.stop.push_back(stopped - begin);
      tally_.drained.push_back(drained - begin);
    }
    scene_.stage.announce(Step::restarting);
    object_.restart();
    scene_.stage.tell(Step::live);
    if (sample)
      time_barrier();
  }

  /// What one membarrier(2) takes with these callers running: the floor of every scheme that stops
  /// with one. It interrupts each CPU that runs a thread of the process, which in a virtual machine
  /// may cost the better part of the whole removal.
  void time_barrier() {
    const Clock::Ticks begin = clock_.now();
    machine::Native::heavy_barrier();
    tally_.barrier.push_back(clock_.now() - begin);
  }

  /// Counts can be lost, and then the watchdog has to end the wait. A grace period cannot, and its
  /// waiting is another and much faster operation when nobody may interrupt it.
  void wait_drained() {
    if constexpr (S::info.zero == ZeroDetection::grace_period) {
      object_.wait_drained({});
    } else {
      object_.wait_drained(give_up_);
    }
  }

  void check_stopped() {
    // drained() is not asked again: a refused caller may count for a moment, so it may say false
    // now although nobody is inside. Had the wait returned too early, a caller would see the text
    // go.
    scene_.text.unmap();
    if (auto ticket = object_.try_get(); ticket) {
      ++tally_.late;
      object_.put(ticket);
    }
    hold(kUnmappedLoops);
    scene_.text.map();
  }

  S& object_;
  Scene& scene_;
  RemoverTally& tally_;
  Watchdog& watchdog_;
  std::stop_token give_up_;
  const Clock& clock_ = Clock::instance();
};

}  // namespace getput::bench::removal
