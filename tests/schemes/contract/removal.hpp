// SPDX-License-Identifier: MIT
// stop, try_stop, drained and wait_drained around one holder.
#pragma once

#include "tests/schemes/contract/basics.hpp"

namespace getput::contract {

template <class S>
Verdict drained_is_exact() {
  Held<S> stage;
  for (Rounds round(50); round; ++round) {
    GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
    const bool stopped = stage.stop_returns();
    GETPUT_REQUIRE(stopped || S::info.stop_progress == Progress::blocking,
                   "stop() waits for a holder, but the scheme says that stop does not block");
    if (stopped)
      GETPUT_REQUIRE(!stage.told_drained_while_held(), "drained() said true while one was inside");
    if (!stage.released)
      stage.release();
    stage.remover.finish();
    bool drained = false;
    stage.remover.run([&] { drained = says_drained(stage.module); });
    GETPUT_REQUIRE(drained, "drained() says false after the last put");
    stage.remover.run([&] { stage.module.restart(); });
  }
  return kept();
}

/// Nobody inside: becomes going. Where the scheme cannot decide without waiting: stays live.
template <class S>
Verdict try_stop_when_idle() {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  S module;
  for (Rounds round(200); round; ++round) {
    const bool going = module.try_stop();
    if (!S::info.try_stop) {
      GETPUT_REQUIRE(!going, "try_stop() succeeded, but the scheme says that it cannot decide");
    } else {
      GETPUT_REQUIRE(going, "try_stop() failed although nobody was inside");
      GETPUT_REQUIRE(!module.try_get(), "try_get succeeded after try_stop() had returned true");
      GETPUT_REQUIRE(says_drained(module), "try_stop() succeeded, but drained() says false");
      module.restart();
    }
    const auto ticket = module.try_get();
    GETPUT_REQUIRE(static_cast<bool>(ticket), "try_get refused on a live module");
    module.put(ticket);
  }
  return kept();
}

/// Somebody inside: fails, and the module stays live for everybody.
template <class S>
Verdict failed_try_stop_leaves_live() {
  Held<S> stage;
  for (Rounds round(50); round; ++round) {
    GETPUT_REQUIRE(stage.take(), "try_get refused after a failed try_stop()");
    bool going = true;
    stage.remover.run([&] { going = stage.module.try_stop(); });
    GETPUT_REQUIRE(!going, "try_stop() succeeded while a reference was held");
    bool admitted = false;
    stage.remover.run([&] {
      if (const auto ticket = stage.module.try_get()) {
        admitted = true;
        stage.module.put(ticket);
      }
    });
    GETPUT_REQUIRE(admitted, "try_get refused after a failed try_stop()");
    GETPUT_REQUIRE(stage.module.count() == (counts<S>() ? 1 : 0), count_text(stage.module, 1));
    stage.release();
  }
  return kept();
}

/// try_stop() against the last put: either may win; "going" while the reference is held may not be.
template <class S>
Verdict try_stop_against_last_put() {
  Held<S> stage;
  std::atomic<bool> go{false};
  for (Rounds round(1500); round; ++round) {
    GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
    go = false;
    bool going = false;
    bool lie = false;
    stage.holder.start([&] {
      while (!go) std::this_thread::yield();
      spin_ns(round.number() % 32 * 50);
      stage.released = true;
      stage.module.put(stage.ticket);
    });
    stage.remover.start([&] {
      go = true;
      spin_ns(round.number() / 32 % 32 * 50);
      going = stage.module.try_stop();
      lie = going && !stage.released;
    });
    stage.remover.finish();
    stage.holder.finish();
    GETPUT_REQUIRE(!lie, "try_stop() returned true while the reference was held");
    if (!going)
      continue;
    GETPUT_REQUIRE(says_drained(stage.module), "try_stop() succeeded, but drained() says false");
    GETPUT_REQUIRE(!stage.module.try_get(), "try_get succeeded after try_stop() returned true");
    stage.module.restart();
  }
  return kept();
}

/// No wake-up is lost: the last put comes before, while and after the remover falls asleep.
template <class S>
Verdict last_put_wakes_remover() {
  Held<S> stage;
  const Deadline deadline;
  Clock::duration worst{};
  for (Rounds round(300); round; ++round) {
    GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
    bool lie = false;
    Clock::time_point woken;
    stage.remover.start([&] {
      stage.module.stop();
      stage.module.wait_drained(deadline.token());
      woken = Clock::now();
      lie = !stage.released;
      stage.module.restart();
    });
    if (round.number() % 3 == 0)
      std::this_thread::sleep_for(microseconds(round.number() % 50 * 10));
    spin_ns(round.number() % 64 * 500);
    const Clock::time_point before = Clock::now();
    stage.release();
    stage.remover.finish();
    GETPUT_REQUIRE(!deadline.passed(), "the last put did not wake the remover");
    GETPUT_REQUIRE(!lie, "wait_drained() returned while the reference was held");
    worst = std::max(worst, woken - before);
  }
  // Far above any scheduling delay, far below a remover that only a time-out brings back.
  GETPUT_REQUIRE(worst < std::chrono::seconds(5), "the remover learnt of the last put after 5 s");
  return kept();
}

/// The token ends a wait that would go on; the module stays going and still knows its holder.
template <class S>
Verdict wait_obeys_stop_token() {
  Held<S> stage;
  GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
  if (!stage.stop_returns()) {
    GETPUT_REQUIRE(S::info.stop_progress == Progress::blocking, "stop() waits for a holder");
    return kept();
  }
  std::stop_source already;
  already.request_stop();
  stage.remover.run([&] { stage.module.wait_drained(already.get_token()); });
  std::stop_source soon;
  stage.remover.start([&] { stage.module.wait_drained(soon.get_token()); });
  GETPUT_REQUIRE(!stage.remover.ends_within(milliseconds(20)),
                 "wait_drained() returned while the reference was held and nobody asked");
  soon.request_stop();
  GETPUT_REQUIRE(stage.remover.ends_within(patience() / 2), "wait_drained() ignores its token");
  GETPUT_REQUIRE(!stage.told_drained_while_held(), "drained() said true while one was inside");
  if (!stage.released)
    stage.release();
  const Deadline deadline;
  stage.remover.run([&] { stage.module.wait_drained(deadline.token()); });
  GETPUT_REQUIRE(!deadline.passed(), "not drained after the last put");
  GETPUT_REQUIRE(!stage.module.try_get(), "try_get succeeded after stop()");
  return kept();
}

}  // namespace getput::contract
