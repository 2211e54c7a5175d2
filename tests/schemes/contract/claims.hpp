// SPDX-License-Identifier: MIT
// Claims of SchemeInfo that come in two kinds. Who says "never" is attacked; who says "may happen"
// must be seen to do it, else the contract is stricter than it says and the claim is wrong.
#pragma once

#include <array>

#include "tests/schemes/contract/storms.hpp"

namespace getput::contract {

/// Attempts of a remover, numbered, with their outcomes; a caller who was refused within one
/// attempt that failed has seen a spurious failure.
class Attempts {
 public:
  std::uint32_t current() const { return current_.load(std::memory_order_acquire); }
  void conclude(bool failed) {
    const std::uint32_t n = current_.load(std::memory_order_relaxed);
    failed_[n % kKept].store(failed ? n : kNone, std::memory_order_relaxed);
    current_.store(n + 1, std::memory_order_release);
  }
  /// Is attempt @p n still the current one? A read-modify-write, because a load may be answered
  /// before the refusal that it is meant to follow.
  bool still(std::uint32_t n) { return current_.fetch_add(0, std::memory_order_acq_rel) == n; }
  bool failed(std::uint32_t n) const {
    return failed_[n % kKept].load(std::memory_order_relaxed) == n;
  }

 private:
  static constexpr std::size_t kKept = 1 << 16;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  std::atomic<std::uint32_t> current_{0};
  std::array<std::atomic<std::uint32_t>, kKept> failed_{};
};

/// Looks for a try_get that is refused during an attempt which then fails. Seen: true.
template <class S>
bool sees_spurious_failure(milliseconds length, int callers, bool somebody_stays) {
  Held<S> stage;
  constexpr int kMostTries = 10'000;  // a remover who is not running must not be waited for
  if (somebody_stays && !stage.take())
    return true;
  const auto attempts = std::make_unique<Attempts>();
  attempts->conclude(false);  // attempt 0 would look like an empty entry
  std::atomic<bool> seen{false};
  Crowd<S> crowd(callers, [&, suspect = std::uint32_t{0}](int) mutable {
    const std::uint32_t before = attempts->current();
    if (suspect != 0 && suspect != before) {
      if (attempts->failed(suspect))
        seen.store(true, std::memory_order_relaxed);
      suspect = 0;
    }
    const auto ticket = stage.module.try_get();
    // Inside until the attempt is over, so that it has to fail; and in again, into that attempt.
    for (int i = 0; ticket && i < kMostTries && attempts->current() == before; ++i) {
      const auto again = stage.module.try_get();
      if (again)
        stage.module.put(again);
      else if (suspect == 0 && attempts->still(before))
        suspect = before;
    }
    if (ticket)
      stage.module.put(ticket);
    else if (suspect == 0 && attempts->still(before))
      suspect = before;
    spin_ns(300);  // outside, so that the remover finds nobody and goes ahead
  });
  const Interruptions interruptions;
  const Clock::time_point end = Clock::now() + length;
  while (Clock::now() < end && !seen) {
    const bool going = stage.module.try_stop();
    if (going)
      stage.module.restart();
    attempts->conclude(!going);
    spin_ns(300);
  }
  crowd.disperse();
  return seen;
}

template <class S>
Verdict never_spuriously_refused() {
  for (const bool somebody_stays : {true, false})
    for (const int callers : {1, crowd_size()})
      GETPUT_REQUIRE(!sees_spurious_failure<S>(burst(), callers, somebody_stays),
                     "try_get was refused during a try_stop() that failed");
  return kept();
}

/// One caller who comes and goes makes it likely that the remover first sees nobody and then
/// somebody; several, that one of them is preempted at the right place.
template <class S>
Verdict admitted_spurious_failure_is_seen() {
  const Clock::time_point end = Clock::now() + hunt();
  for (int turn = 0; Clock::now() < end; ++turn)
    if (sees_spurious_failure<S>(2 * burst(), turn % 4 == 3 ? crowd_size() : 1, false))
      return kept();
  return broken("spurious_failure is claimed, but no try_get was refused during a failed try_stop");
}

/// "No try_get that starts after stop() succeeds", or, where that is not claimed, one that does.
template <class S>
Verdict late_get_is_seen() {
  Storm<S> storm;
  Crowd<S> callers(crowd_size(), [&storm](int) { storm.call(0); });
  const Clock::time_point end = Clock::now() + hunt();
  while (Clock::now() < end && !storm.late_get) storm.remove_again_and_again(burst());
  callers.disperse();
  GETPUT_REQUIRE(storm.late_get,
                 "certain_after_stop is denied, but no try_get succeeded after stop()");
  return kept();
}

/// A scheme that says that it does not protect the module must be caught at it.
template <class S>
Verdict unsafety_is_seen() {
  const Clock::time_point end = Clock::now() + hunt();
  while (Clock::now() < end)
    if (nobody_inside_after_drain<S>().is_broken())
      return kept();
  return broken("the scheme says that it is unsafe, but nobody was caught inside after drain");
}

/// A holder who sleeps does not keep another module from being removed; where the scheme denies
/// that, he does.
template <class S>
Verdict sleeping_holder_is_as_harmless_as_claimed() {
  Held<S> stage;
  S other;
  GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
  const Deadline deadline;
  std::atomic<bool> too_early{false};
  stage.remover.start([&] {
    other.stop();
    other.wait_drained(deadline.token());
    too_early = !stage.released;
  });
  const bool ended = stage.remover.ends_within(S::info.hold_across_sleep ? patience() : burst());
  stage.release();
  stage.remover.finish();
  GETPUT_REQUIRE(!deadline.passed(), "an unused module does not drain");
  if (S::info.hold_across_sleep)
    GETPUT_REQUIRE(ended, "a sleeping holder stalls the removal of another module");
  else
    GETPUT_REQUIRE(!ended && !too_early,
                   "hold_across_sleep is denied, but a sleeping holder stalled nobody");
  return kept();
}

/// Callers are not held up while a remover waits for somebody else.
template <class S>
Verdict callers_go_on_while_remover_waits() {
  Held<S> stage;
  GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
  const Deadline deadline;
  std::atomic<bool> stopped{false};
  stage.remover.start([&] {
    stage.module.stop();
    stopped = true;
    stage.module.wait_drained(deadline.token());
  });
  // A stop() that itself waits for the holder does not return before he lets go.
  const Clock::time_point end = Clock::now() + milliseconds(5);
  const bool may_wait = S::info.stop_progress == Progress::blocking;
  await([&] { return stopped || (may_wait && Clock::now() > end); });
  const bool going = stopped;
  Worker<S> caller("caller that must not be held up");
  bool admitted = false;
  caller.run([&] {
    for (long i = 0; i < times(1000); ++i)
      if (const auto ticket = stage.module.try_get()) {
        admitted = true;
        stage.module.put(ticket);
      }
  });
  stage.release();
  stage.remover.finish();
  GETPUT_REQUIRE(!deadline.passed(), "not drained after the last put");
  GETPUT_REQUIRE(!admitted || !going || !S::info.certain_after_stop,
                 "try_get succeeded after stop()");
  return kept();
}

}  // namespace getput::contract
