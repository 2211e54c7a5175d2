// SPDX-License-Identifier: MIT
// Many callers against one remover. What is looked for: a caller inside after drain, a try_get that
// succeeds after stop, a reference that is lost or invented.
#pragma once

#include <string>

#include "tests/schemes/contract/basics.hpp"
#include "tests/schemes/contract/text.hpp"

namespace getput::contract {

/// One module under attack. Phases are even while it may be live and odd from the return of stop()
/// to the call of restart(), so a caller can tell that he got in although the module was stopped
/// all the time.
template <class S>
struct Storm {
  S module;
  Text text;
  Findings findings;
  std::atomic<std::uint32_t> phase{0};
  std::atomic<bool> late_get{false};
  Dice dice{1};  // the remover's

  /// One caller's turn: in, use the text, out; every third time in a session.
  void call(long hold_ns) {
    static thread_local unsigned turn = 0;
    if (++turn % 3 != 0)
      return visit(hold_ns);
    [[maybe_unused]] const SessionFor<S> session(module);
    visit(hold_ns);
  }

  void visit(long hold_ns) {
    const std::uint32_t before = phase.load(std::memory_order_acquire);
    const auto ticket = module.try_get();
    if (!ticket)
      return;
    look();
    // A read-modify-write reads the newest phase; a load might be answered early.
    if (before % 2 == 1 && phase.fetch_add(0, std::memory_order_acq_rel) == before)
      got_in_late();
    if (hold_ns > 0)
      spin_ns(hold_ns);
    look();
    module.put(ticket);
  }

  void got_in_late() {
    late_get.store(true, std::memory_order_relaxed);
    if (S::info.certain_after_stop)
      findings.report("try_get succeeded after stop() had returned");
  }

  void look() {
    if (!text.mapped())
      findings.report("a caller holding a reference is inside after the module was drained");
  }

  /// The remover is told that nobody is inside: unmaps the text, lets callers run into it, loads
  /// the module again.
  void unload_and_load() {
    // drained() is not asked again: who is being refused now may count for a moment, and waiting
    // would let go whoever is inside although the removal succeeded.
    text.unmap();
    breathe(dice);
    text.map_again();
    phase.fetch_add(1, std::memory_order_acq_rel);
    module.restart();
  }

  /// One removal, a different kind each time.
  void remove(const Deadline& deadline) {
    const unsigned kind = dice(3);
    if (kind == 0 && S::info.try_stop) {
      if (!module.try_stop())
        return;
      phase.fetch_add(1, std::memory_order_acq_rel);
      unload_and_load();
      return;
    }
    module.stop();
    phase.fetch_add(1, std::memory_order_acq_rel);
    if (kind == 1) {  // called off
      phase.fetch_add(1, std::memory_order_acq_rel);
      module.restart();
      return;
    }
    module.wait_drained(deadline.token());
    if (deadline.passed())
      findings.report("wait_drained() does not come back although callers keep leaving");
    else
      unload_and_load();
  }

  /// Removals for the length of a burst, while somebody else calls.
  void remove_again_and_again(milliseconds length) {
    [[maybe_unused]] const ThreadGuardFor<S> guard;
    const Deadline deadline(length + patience());
    const Clock::time_point end = Clock::now() + length;
    while (Clock::now() < end && !findings.any()) {
      remove(deadline);
      breathe(dice);
    }
  }

  /// When the callers have gone: nothing lost, nothing invented.
  Verdict balance() {
    if (findings.any())
      return findings.verdict();
    [[maybe_unused]] const ThreadGuardFor<S> guard;
    GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
    if (!S::info.removal)
      return kept();
    const Deadline deadline(patience() / 10);
    GETPUT_REQUIRE(stop_and_drain(module, deadline),
                   "everybody left, but the module does not drain: a put was lost");
    GETPUT_REQUIRE(!module.try_get(), "try_get succeeded after stop()");
    GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
    return kept();
  }
};

/// Every put counts: more than two million pairs, then the balance.
template <class S>
Verdict no_reference_is_lost() {
  Storm<S> storm;
  const long pairs = times(2'200'000);
  const int threads = S::info.shared_by_threads ? 2 : 1;
  {
    std::vector<std::unique_ptr<Worker<S>>> callers;
    for (int i = 0; i < threads; ++i) {
      callers.push_back(std::make_unique<Worker<S>>("caller"));
      callers.back()->start([&storm, n = pairs / threads] {
        for (long k = 0; k < n; ++k) {
          const auto ticket = storm.module.try_get();
          if (!ticket) {
            storm.findings.report("try_get refused on a live module");
            return;
          }
          storm.module.put(ticket);
        }
      });
    }
    for (const auto& caller : callers) caller->finish();
  }
  return storm.balance();
}

/// Removal after removal, restarted and called off, while everybody calls.
template <class S>
Verdict nobody_inside_after_drain() {
  Storm<S> storm;
  Crowd<S> callers(crowd_size(), [&storm, turn = 0U](int) mutable {
    for (int i = 0; i < 64; ++i) storm.call(0);
    storm.call(turn++ % 8 * 500);
  });
  storm.remove_again_and_again(2 * burst());
  {
    const Interruptions interruptions;
    storm.remove_again_and_again(2 * burst());
  }
  callers.disperse();
  return storm.balance();
}

/// The same with callers that come for a few calls and exit.
template <class S>
Verdict threads_come_and_go() {
  Storm<S> storm;
  struct Nobody {};
  Crowd<Nobody> parents(2, [&storm](int) {
    std::thread([&storm] {
      [[maybe_unused]] const ThreadGuardFor<S> guard;
      for (int i = 0; i < 100; ++i) storm.call(0);
    }).join();
  });
  storm.remove_again_and_again(2 * burst());
  parents.disperse();
  return storm.balance();
}

}  // namespace getput::contract
