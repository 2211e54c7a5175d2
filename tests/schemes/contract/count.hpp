// SPDX-License-Identifier: MIT
// count(): as exact as SchemeInfo says, and no more exact than that.
#pragma once

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "tests/schemes/contract/cpus.hpp"
#include "tests/schemes/contract/held.hpp"
#include "tests/schemes/contract/verdict.hpp"

namespace getput::contract {

/// Where one caller leaves his reference for another to give back, so that gets are counted on one
/// CPU and puts on another.
template <class S>
class Mailbox {
 public:
  bool leave(const typename S::Ticket& ticket) {
    const std::lock_guard lock(mutex_);
    if (inside_)
      return false;
    inside_ = ticket;
    return true;
  }
  typename S::Ticket take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(inside_, {});
  }

 private:
  std::mutex mutex_;
  typename S::Ticket inside_{};
};

/// Spreads the callers over the CPUs.
inline void pin_once(int index) {
  static thread_local bool pinned = false;
  if (!std::exchange(pinned, true) && can_migrate())
    pin(0, allowed_cpus()[static_cast<std::size_t>(index) % allowed_cpus().size()]);
}

/// The calling thread goes to the next CPU.
inline void move_on(int index) {
  static thread_local std::size_t moves = 0;
  if (can_migrate())
    pin(0, allowed_cpus()[(static_cast<std::size_t>(index) + ++moves) % allowed_cpus().size()]);
}

/// What count() reads while one reference stays and others move, with or without attempts to
/// remove: the count is for people, who also look then. With @p roam the callers change CPU while
/// they hold: a count that finds references where they were taken may then find a caller twice.
struct CountRange {
  std::int64_t lowest = 0;
  std::int64_t highest = 0;
};
template <class S, class Enough>
CountRange watch_count(milliseconds length, int callers, bool attempts, bool roam, Enough enough) {
  Held<S> stage;
  stage.take();
  CountRange range{1, 1};
  Mailbox<S> mailbox;
  Crowd<S> crowd(callers, [&](int index) {
    pin_once(index);
    const bool leaves = S::info.put_on_other_thread && index % 2 == 0;
    const bool takes = S::info.put_on_other_thread && !leaves;
    for (int i = 0; i < 64; ++i) {
      const auto ticket = takes ? mailbox.take() : stage.module.try_get();
      if (roam && S::info.put_on_other_cpu)
        move_on(index);
      if (ticket && !(leaves && mailbox.leave(ticket)))
        stage.module.put(ticket);
    }
  });
  std::atomic<bool> over{false};
  if (attempts && S::info.try_stop)
    stage.remover.start([&] {
      while (!over)
        if (stage.module.try_stop())
          stage.module.restart();
    });
  const Interruptions interruptions;
  const Clock::time_point end = Clock::now() + length;
  while (Clock::now() < end && !enough(range)) {
    const std::int64_t now = stage.module.count();
    range.lowest = std::min(range.lowest, now);
    range.highest = std::max(range.highest, now);
  }
  over = true;
  stage.remover.finish();
  crowd.disperse();
  if (const auto left = mailbox.take())
    stage.module.put(left);
  return range;
}

/// Short watches, with and without attempts by turns, of callers who stay on their CPU or roam,
/// until @p enough or @p length is over.
template <class S, class Enough>
CountRange watch_count_by_turns(milliseconds length, int callers, Enough enough) {
  CountRange range{1, 1};
  const Clock::time_point end = Clock::now() + length;
  for (int turn = 0; Clock::now() < end && !enough(range); ++turn) {
    const CountRange now =
        watch_count<S>(burst(), callers, turn % 2 == 1, turn / 2 % 2 == 1, enough);
    range.lowest = std::min(range.lowest, now.lowest);
    range.highest = std::max(range.highest, now.highest);
  }
  return range;
}

template <class S>
Verdict count_is_as_exact_as_claimed() {
  constexpr int kCallers = 2;
  constexpr std::int64_t kHeld = 1;
  constexpr std::int64_t kInMailbox = S::info.put_on_other_thread ? 1 : 0;
  const auto off = [](const CountRange& r) {
    return r.lowest < kHeld || r.highest > kHeld + kCallers + kInMailbox;
  };
  const auto never = [](const CountRange&) { return false; };
  const auto text = [](const CountRange& r) {
    return std::to_string(r.lowest) + " to " + std::to_string(r.highest) + " while " +
           std::to_string(kHeld) + " to " + std::to_string(kHeld + kCallers + kInMailbox) +
           " were held";
  };
  switch (S::info.count) {
    case CountExactness::exact: {
      const CountRange r = watch_count_by_turns<S>(2 * burst(), kCallers, off);
      GETPUT_REQUIRE(!off(r), "count() is claimed exact and read " + text(r));
      return kept();
    }
    case CountExactness::never_too_low: {
      const CountRange low = watch_count_by_turns<S>(2 * burst(), kCallers, never);
      GETPUT_REQUIRE(low.lowest >= kHeld, "count() is claimed never too low and read " + text(low));
      const CountRange high = watch_count_by_turns<S>(hunt(), kCallers, off);
      GETPUT_REQUIRE(high.lowest >= kHeld,
                     "count() is claimed never too low and read " + text(high));
      if (!off(high) && !can_migrate())  // with one CPU a caller may be found once only
        return untestable(kNoMigration);
      GETPUT_REQUIRE(high.highest > kHeld + kCallers + kInMailbox,
                     "count() is claimed too high at times, but was exact: " + text(high));
      return kept();
    }
    case CountExactness::approximate: {
      const CountRange r = watch_count_by_turns<S>(hunt(), kCallers, off);
      GETPUT_REQUIRE(off(r), "count() is claimed approximate, but was exact: " + text(r));
      return kept();
    }
    case CountExactness::not_possible: {
      const CountRange r = watch_count_by_turns<S>(burst(), kCallers, never);
      GETPUT_REQUIRE(r.lowest == 0 && r.highest <= 1,
                     "count() is claimed not possible: " + text(r));
      return kept();
    }
  }
  return kept();
}

}  // namespace getput::contract
