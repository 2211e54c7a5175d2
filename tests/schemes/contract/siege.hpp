// SPDX-License-Identifier: MIT
// One caller stays inside throughout, taking further references and giving them back, by turns in
// another thread on another CPU; others run against the door. All that time somebody asks "is
// nobody inside?", and the answer must never be yes.
#pragma once

#include "tests/schemes/contract/cpus.hpp"
#include "tests/schemes/contract/held.hpp"
#include "tests/schemes/contract/verdict.hpp"

namespace getput::contract {

template <class S>
class Siege {
 public:
  Verdict run() {
    GETPUT_REQUIRE(stage_.take(), "try_get refused on a live module");
    if (can_migrate()) {  // gets on one CPU, puts on another
      pin(stage_.holder.tid(), allowed_cpus().front());
      pin(second_.tid(), allowed_cpus().back());
    }
    if (kPassOn)
      second_.start([this] { put_what_is_passed(); });
    stage_.holder.start([this] { get_and_pass_on(); });
    stage_.remover.start([this] { ask(); });
    wait();
    enough_ = true;
    stage_.holder.finish();
    second_.finish();
    stage_.release();
    stage_.remover.finish();
    return findings_.verdict();
  }

 private:
  static constexpr bool kPassOn = S::info.put_on_other_thread;

  void wait() {
    const Crowd<S> at_the_door(2, [this](int) {
      for (int i = 0; i < 64; ++i)
        if (const auto ticket = stage_.module.try_get())
          stage_.module.put(ticket);
      std::this_thread::yield();
    });
    const Interruptions interruptions;
    const Clock::time_point end = Clock::now() + 4 * burst();
    while (Clock::now() < end && !findings_.any()) std::this_thread::sleep_for(milliseconds(5));
  }

  void get_and_pass_on() {
    Dice dice(3);
    for (unsigned turn = 0; !enough_; ++turn) {
      const auto mine = stage_.module.get(stage_.ticket);
      if (kPassOn && turn % 2 == 0 && !passing_.load(std::memory_order_acquire)) {
        passed_ = mine;
        passing_.store(true, std::memory_order_release);
      } else {
        stage_.module.put(mine);
      }
      if (turn % 256 >= 128)  // fast, then slow: a sum has to be interrupted by exactly one step
        breathe(dice);
    }
  }

  void put_what_is_passed() {
    for (;;) {
      if (passing_.load(std::memory_order_acquire)) {
        stage_.module.put(passed_);
        passing_.store(false, std::memory_order_release);
      } else if (holder_is_done()) {
        return;
      }
      std::this_thread::yield();
    }
  }

  // Asked after passing_ was seen empty: what the holder passed last must not be left over.
  bool holder_is_done() {
    return enough_ && stage_.holder.ends_within(milliseconds(0)) &&
           !passing_.load(std::memory_order_acquire);
  }

  void ask() {
    const Clock::time_point half = Clock::now() + 2 * burst();
    while (S::info.try_stop && Clock::now() < half && !findings_.any())
      if (stage_.module.try_stop())
        findings_.report("try_stop() succeeded while a reference was held");
    stage_.module.stop();
    while (!enough_ && !findings_.any())
      if (stage_.module.drained() && !stage_.released)
        findings_.report("drained() said true while a reference was held");
  }

  Held<S> stage_;
  Findings findings_;
  std::atomic<bool> enough_{false};
  std::atomic<bool> passing_{false};
  typename S::Ticket passed_{};
  Worker<S> second_{"second holder"};
};

template <class S>
Verdict never_drained_while_held() {
  return Siege<S>().run();
}

/// A scheme that denies get_while_going must be caught at it.
template <class S>
Verdict early_drain_is_seen() {
  const Clock::time_point end = Clock::now() + hunt();
  while (Clock::now() < end)
    if (Siege<S>().run().is_broken())
      return kept();
  return broken("get_while_going is denied, but nobody was told \"drained\" too early");
}

}  // namespace getput::contract
