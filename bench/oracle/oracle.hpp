// SPDX-License-Identifier: MIT
// The oracle: is the scheme still right after what was just done to it? It runs outside the timed
// part and knows only the interface, so it judges every scheme alike; what a scheme says it cannot
// do (SchemeInfo) is not asked of it.
//
//   balance    all tickets returned: count() is 0 where it is exact, and after stop() the object
//              becomes drained. A put lost once in a million leaves it undrained forever.
//   stop       no try_get that starts after stop() has returned may succeed: asked of the stopping
//              thread, and of threads that hammer while stop() returns.
//   restart    after restart() a get works again.
//   attempt    try_stop() succeeds with nobody inside.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "bench/engine/line.hpp"
#include "bench/engine/pair_batch.hpp"
#include "bench/engine/team.hpp"
#include "schemes/machine/fence.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench {

/// The first fault found stays; later ones are only counted.
class Verdict {
 public:
  bool ok() const noexcept { return faults_ == 0; }
  void wrong(const std::string& detail) {
    if (faults_++ == 0) {
      detail_ = detail;
    }
  }
  std::string detail() const {
    return faults_ <= 1 ? detail_
                        : detail_ + " (and " + std::to_string(faults_ - 1) + " more findings)";
  }

 private:
  std::uint64_t faults_ = 0;
  std::string detail_;
};

namespace oracle {

/// A scheme whose last reference is gone must say so within this time; a grace period takes well
/// under a millisecond, a descheduled thread on a crowded machine some tens.
inline constexpr std::chrono::milliseconds kDrainLimit{3000};

/// Must count() be 0 once nothing moves?
constexpr bool counts_when_quiescent(const SchemeInfo& info) {
  return info.count == CountExactness::exact ||
         (info.count != CountExactness::not_possible && info.zero == ZeroDetection::remover_sum);
}

/// Polls drained() until the limit; false: still not drained. A grace period always ends, and is
/// waited for: polling it can take a timer's period.
template <class S>
[[gnu::cold]] bool drains(S& object) {
  if constexpr (S::info.zero == ZeroDetection::grace_period) {
    object.wait_drained({});
    return object.drained();
  }
  const auto until = std::chrono::steady_clock::now() + kDrainLimit;
  while (!object.drained()) {
    if (std::chrono::steady_clock::now() > until) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

/// A stopped object, asked often: a flag that is looked at now and then is no flag.
template <class S>
[[gnu::cold]] void check_refuses(S& object, Verdict& verdict) {
  constexpr int kAsked = 200;
  int taken = 0;
  for (int i = 0; i < kAsked; ++i) {
    if (auto ticket = object.try_get(); ticket) {
      object.put(ticket);
      ++taken;
    }
  }
  if (taken != 0) {
    verdict.wrong("a try_get that started after stop() had returned succeeded (" +
                  std::to_string(taken) + " of " + std::to_string(kAsked) + ")");
  }
}

/// The object after a burst, with every ticket given back and nobody at it. Leaves it live.
template <class S>
[[gnu::cold]] void check_quiescent(S& object, Verdict& verdict) {
  [[maybe_unused]] const ThreadGuardFor<S> guard{};
  if constexpr (counts_when_quiescent(S::info)) {
    if (const auto held = object.count(); held != 0) {
      verdict.wrong("references do not balance: count() is " + std::to_string(held) +
                    " after every reference was given back");
    }
  }
  if constexpr (S::info.try_stop) {
    if (object.try_stop()) {
      object.restart();
    } else {
      verdict.wrong("references do not balance: try_stop() failed although nobody was inside");
    }
  }
  if constexpr (S::info.removal) {
    object.stop();
    if (S::info.certain_after_stop) {
      check_refuses(object, verdict);
    }
    if (!drains(object)) {
      verdict.wrong("references do not balance: not drained " +
                    std::to_string(kDrainLimit.count()) +
                    " ms after every reference was given back (count() says " +
                    std::to_string(object.count()) + ")");
    }
    object.restart();
    if (auto ticket = object.try_get(); ticket) {
      object.put(ticket);
    } else {
      verdict.wrong("a try_get after restart() was refused");
    }
  }
}

/// What the threads under fire tell the one that stops.
struct FireNotes {
  Padded<std::atomic<std::uint64_t>> round;  ///< odd: stop() has returned, restart() has not begun
  Padded<std::atomic<bool>> unloaded;        ///< drained() has said true
  Padded<std::atomic<std::uint64_t>> refused;
  std::atomic<std::uint64_t> late{0};
  std::atomic<std::uint64_t> inside{0};

  /// Called inside a reference. A stale value would be no proof; behind the fence it is the latest.
  bool module_is_gone() const noexcept {
    if (!unloaded.value.load(std::memory_order_relaxed)) {
      return false;
    }
    machine::full_fence();
    return unloaded.value.load(std::memory_order_relaxed);
  }
};

/// One thread under fire: get, look around, stay a moment, look again, put.
template <class S>
void hammer(S& object, FireNotes& notes, const WorkerContext& worker) {
  constexpr std::uint64_t kInsideLoops = 100;
  while (!worker.stopped()) {
    const std::uint64_t before = notes.round.value.load(std::memory_order_acquire);
    auto ticket = object.try_get();
    if (!ticket) {
      notes.refused.value.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    // Seen odd before the get began, and unchanged after it: the whole get lay behind stop().
    if (before % 2 == 1 && notes.round.value.load(std::memory_order_acquire) == before) {
      notes.late.fetch_add(1, std::memory_order_relaxed);
    }
    bool gone = notes.module_is_gone();
    hold(kInsideLoops);
    gone = notes.module_is_gone() || gone;
    notes.inside.fetch_add(gone ? 1 : 0, std::memory_order_relaxed);
    object.put(ticket);
  }
}

/// Until the threads have been refused so often, so that they had their chance to get in; on a busy
/// machine not for long.
inline void let_them_try(const FireNotes& notes) {
  constexpr std::uint64_t kRefusals = 500;
  constexpr std::chrono::milliseconds kAtMost{50};
  const std::uint64_t before = notes.refused.value.load(std::memory_order_relaxed);
  const auto until = std::chrono::steady_clock::now() + kAtMost;
  while (notes.refused.value.load(std::memory_order_relaxed) - before < kRefusals &&
         std::chrono::steady_clock::now() < until) {
    std::this_thread::yield();
  }
}

/// How long check_stop_under_fire() may go on with a scheme that is not safe. Such a scheme is
/// hunted once in a run (hunt.hpp).
inline constexpr std::chrono::milliseconds kUnsafeUnderFire{200};

/// Threads of the team hammer get and put while the calling thread stops, drains and restarts the
/// object `rounds` times. Finds a get that started after stop() returned and yet succeeded, and a
/// holder inside while the object was drained. For objects that may be shared by threads.
template <class S>
[[gnu::cold]] void check_stop_under_fire(S& object, Team& team, unsigned rounds, Verdict& verdict) {
  FireNotes notes;
  bool drained = true;
  const auto until = std::chrono::steady_clock::now() + kUnsafeUnderFire;
  const auto go_on = [&](unsigned done) {
    return drained && done < rounds && (S::info.safe || std::chrono::steady_clock::now() < until);
  };
  const auto stop_and_restart = [&] {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    for (unsigned done = 0; go_on(done); ++done) {
      object.stop();
      notes.round.value.fetch_add(1, std::memory_order_acq_rel);
      drained = drains(object);
      if (drained) {
        notes.unloaded.value.store(true, std::memory_order_relaxed);
        let_them_try(notes);
        notes.unloaded.value.store(false, std::memory_order_relaxed);
      }
      notes.round.value.fetch_add(1, std::memory_order_acq_rel);
      machine::full_fence();
      object.restart();
      std::this_thread::yield();
    }
  };
  team.run_task(
      [&](WorkerContext& worker) {
        [[maybe_unused]] const ThreadGuardFor<S> guard{};
        hammer(object, notes, worker);
      },
      stop_and_restart);
  if (S::info.certain_after_stop && notes.late != 0) {
    verdict.wrong("a try_get that started after stop() had returned succeeded (" +
                  std::to_string(notes.late) + " times while threads were at it)");
  }
  if (notes.inside != 0) {
    verdict.wrong("a holder was inside although drained() had said true (" +
                  std::to_string(notes.inside) + " times)");
  }
  if (!drained) {
    verdict.wrong("references do not balance: not drained " + std::to_string(kDrainLimit.count()) +
                  " ms after stop() under load");
  }
}

}  // namespace oracle
}  // namespace getput::bench
