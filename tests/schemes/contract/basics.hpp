// SPDX-License-Identifier: MIT
// What try_get, get, put, stop and restart mean when one thing happens at a time.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "tests/schemes/contract/held.hpp"
#include "tests/schemes/contract/verdict.hpp"

namespace getput::contract {

/// True where count() has to equal the references held while nothing moves.
template <class S>
constexpr bool counts() {
  return S::info.count != CountExactness::not_possible;
}

template <class S>
std::string count_text(const S& module, long expected) {
  return "count() is " + std::to_string(module.count()) + " while " + std::to_string(expected) +
         " references are held";
}

template <class S>
Verdict starts_live() {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  S module;
  const typename S::Ticket none{};
  GETPUT_REQUIRE(!static_cast<bool>(none), "a default Ticket says that it holds a reference");
  GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
  for (long i = 0; i < times(1000); ++i) {
    const auto ticket = module.try_get();
    GETPUT_REQUIRE(static_cast<bool>(ticket), "try_get refused on a live module");
    module.put(ticket);
  }
  GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
  return kept();
}

template <class S>
Verdict count_is_what_is_held() {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  constexpr long kMost = 16;
  S module;
  std::vector<typename S::Ticket> tickets;
  for (long held = 1; held <= kMost; ++held) {
    tickets.push_back(held % 2 != 0 ? module.try_get() : module.get(tickets.back()));
    GETPUT_REQUIRE(static_cast<bool>(tickets.back()), "a get was refused on a live module");
    GETPUT_REQUIRE(module.count() == (counts<S>() ? held : 0), count_text(module, held));
  }
  for (long held = kMost; held > 0; --held) {
    GETPUT_REQUIRE(module.count() == (counts<S>() ? held : 0), count_text(module, held));
    module.put(tickets.back());
    tickets.pop_back();
  }
  GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
  return kept();
}

/// After stop() nobody gets in: not the thread that stopped, not one that used the module before,
/// not one that starts afterwards.
template <class S>
Verdict refused_after_stop() {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  S module;
  Worker<S> regular("regular caller");
  const long tries = times(1000);
  const auto admitted = [&module, tries] {
    long n = 0;
    for (long i = 0; i < tries; ++i)
      if (const auto ticket = module.try_get()) {
        module.put(ticket);
        ++n;
      }
    return n;
  };
  long by_regular = 0;
  regular.run([&] { by_regular = admitted(); });
  GETPUT_REQUIRE(by_regular == tries, "try_get refused on a live module");
  module.stop();
  GETPUT_REQUIRE(admitted() == 0, "try_get succeeded after stop() in the thread that stopped");
  regular.run([&] { by_regular = admitted(); });
  GETPUT_REQUIRE(by_regular == 0, "try_get succeeded after stop() in another thread");
  for (int i = 0; i < 8; ++i) {
    Worker<S> newcomer("newcomer");
    long by_newcomer = 0;
    newcomer.run([&] { by_newcomer = admitted(); });
    GETPUT_REQUIRE(by_newcomer == 0, "try_get succeeded in a thread that started after stop()");
  }
  GETPUT_REQUIRE(says_drained(module), "not drained although nobody was ever inside");
  GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
  module.restart();
  return kept();
}

template <class S>
Verdict restart_makes_live() {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  S module;
  const Deadline deadline;
  for (Rounds round(200); round; ++round) {
    GETPUT_REQUIRE(stop_and_drain(module, deadline), "an unused module does not drain");
    GETPUT_REQUIRE(!module.try_get(), "try_get succeeded after stop()");
    module.restart();
    const auto ticket = module.try_get();
    GETPUT_REQUIRE(static_cast<bool>(ticket), "try_get refused after restart()");
    GETPUT_REQUIRE(module.count() == (counts<S>() ? 1 : 0), count_text(module, 1));
    module.put(ticket);
    GETPUT_REQUIRE(module.count() == 0, count_text(module, 0));
  }
  return kept();
}

/// A removal that is called off while somebody is inside: he stays counted.
template <class S>
Verdict restart_keeps_holders() {
  Held<S> stage;
  GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
  for (Rounds round(20); round; ++round) {
    if (!stage.stop_returns())
      return kept();  // stop() waits for the holder; a blocking scheme has nothing to call off
    stage.remover.run([&] { stage.module.restart(); });
    bool again = false;
    stage.holder.run([&] {
      if (const auto second = stage.module.try_get()) {
        again = true;
        stage.module.put(second);
      }
    });
    GETPUT_REQUIRE(again, "try_get refused after restart()");
    GETPUT_REQUIRE(stage.module.count() == (counts<S>() ? 1 : 0), count_text(stage.module, 1));
  }
  GETPUT_REQUIRE(stage.stop_returns() || S::info.stop_progress == Progress::blocking,
                 "stop() waits for a holder");
  GETPUT_REQUIRE(!stage.told_drained_while_held(), "drained after restarts although one is inside");
  return kept();
}

/// __module_get: a holder may always take another reference, and each of them counts, even while
/// the module is going.
template <class S>
Verdict holder_may_get_more() {
  Held<S> stage;
  GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
  const bool stopped = stage.stop_returns();
  bool refused = false;
  stage.holder.run([&] {
    for (long i = 0; i < times(1000); ++i) {
      const auto next = stage.module.get(stage.ticket);
      refused = refused || !next;
      stage.module.put(stage.ticket);
      stage.ticket = next;
    }
  });
  GETPUT_REQUIRE(!refused, "get() by a holder was refused");
  if (stopped)
    GETPUT_REQUIRE(!stage.told_drained_while_held(),
                   "drained although the holder passed his reference on with get()");
  if (!stage.released)
    stage.release();
  stage.remover.finish();
  const Deadline deadline;
  stage.remover.run([&] { stage.module.wait_drained(deadline.token()); });
  GETPUT_REQUIRE(!deadline.passed(), "not drained after the last put");
  return kept();
}

}  // namespace getput::contract
