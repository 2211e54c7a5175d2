// SPDX-License-Identifier: MIT
// References that move: put on another thread, on another CPU, after their thread has exited.
#pragma once

#include <unistd.h>

#include <array>
#include <deque>
#include <mutex>

#include "tests/schemes/contract/cpus.hpp"
#include "tests/schemes/contract/storms.hpp"

namespace getput::contract {

/// T1 gets, T2 puts, one after the other and while a remover waits.
template <class S>
Verdict put_on_other_thread() {
  Storm<S> storm;
  Worker<S> first("first holder");
  Worker<S> second("second holder");
  const long n = times(1000);
  std::vector<typename S::Ticket> tickets(static_cast<std::size_t>(n));
  first.run([&] {
    for (auto& ticket : tickets) ticket = storm.module.try_get();
  });
  for (const auto& ticket : tickets)
    GETPUT_REQUIRE(static_cast<bool>(ticket), "try_get refused on a live module");
  if (counts<S>())
    GETPUT_REQUIRE(storm.module.count() == n, count_text(storm.module, n));
  second.run([&] {
    for (const auto& ticket : tickets) storm.module.put(ticket);
  });
  return storm.balance();
}

/// A bounded queue of tickets between those who get and those who put.
template <class Ticket>
class Pipe {
 public:
  bool push(const Ticket& ticket) {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kMost)
      return false;
    queue_.push_back(ticket);
    return true;
  }
  bool pop(Ticket& ticket) {
    const std::lock_guard lock(mutex_);
    if (queue_.empty())
      return false;
    ticket = queue_.front();
    queue_.pop_front();
    return true;
  }

 private:
  static constexpr std::size_t kMost = 64;
  std::mutex mutex_;
  std::deque<Ticket> queue_;
};

/// Some threads only get, others only put, a remover removes.
template <class S>
Verdict getters_and_putters() {
  Storm<S> storm;
  Pipe<typename S::Ticket> pipe;
  const auto put_one = [&] {
    typename S::Ticket ticket{};
    if (!pipe.pop(ticket))
      return false;
    storm.look();
    storm.module.put(ticket);
    return true;
  };
  Crowd<S> putters(2, [&](int) {
    if (!put_one())
      std::this_thread::yield();
  });
  Crowd<S> getters(2, [&](int) {
    const auto ticket = storm.module.try_get();
    if (!ticket)
      return;
    storm.look();
    if (!pipe.push(ticket))
      storm.module.put(ticket);
  });
  storm.remove_again_and_again(2 * burst());
  getters.disperse();
  putters.disperse();
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  while (put_one()) {
  }
  return storm.balance();
}

/// Get on one CPU, put on another, by the same thread.
template <class S>
Verdict put_on_other_cpu() {
  if (!can_migrate())
    return untestable(kNoMigration);
  const std::vector<int>& cpus = allowed_cpus();
  Held<S> stage;
  for (Rounds round(40); round; ++round) {
    const auto at = static_cast<std::size_t>(round.number()) % cpus.size();
    pin(stage.holder.tid(), cpus[at]);
    GETPUT_REQUIRE(stage.take(), "try_get refused on a live module");
    pin(stage.holder.tid(), cpus[(at + 1) % cpus.size()]);
    GETPUT_REQUIRE(stage.module.count() == (counts<S>() ? 1 : 0), count_text(stage.module, 1));
    const bool stopped = !S::info.removal || stage.stop_returns();
    if (stopped && S::info.removal)
      GETPUT_REQUIRE(!stage.told_drained_while_held(), "drained() said true while one was inside");
    if (!stage.released)
      stage.release();
    stage.remover.finish();
    GETPUT_REQUIRE(stage.module.count() == 0, count_text(stage.module, 0));
    bool drained = !S::info.removal;
    stage.remover.run([&] {
      drained = drained || says_drained(stage.module);
      stage.module.restart();
    });
    GETPUT_REQUIRE(drained, "not drained after a put on another CPU");
  }
  return kept();
}

/// Callers are moved from CPU to CPU all the time, in the middle of whatever they do.
template <class S>
Verdict migration_storm() {
  if (!can_migrate())
    return untestable(kNoMigration);
  Storm<S> storm;
  std::array<std::atomic<int>, 3> tids{};
  Crowd<S> callers(3, [&](int index) {
    tids[static_cast<std::size_t>(index)].store(gettid(), std::memory_order_relaxed);
    for (int i = 0; i < 64; ++i) storm.call(0);
    storm.call(1000);
  });
  struct Nobody {};
  Crowd<Nobody> mover(1, [&, n = std::size_t{0}](int) mutable {
    const std::vector<int>& cpus = allowed_cpus();
    if (const int tid = tids[n % tids.size()].load(std::memory_order_relaxed); tid != 0)
      pin(tid, cpus[n / tids.size() % cpus.size()]);
    ++n;
  });
  if (S::info.removal)
    storm.remove_again_and_again(3 * burst());
  else
    std::this_thread::sleep_for(burst());
  mover.disperse();
  callers.disperse();
  return storm.balance();
}

/// The thread that holds a reference exits; another gives it back.
template <class S>
Verdict thread_exits_while_holding() {
  [[maybe_unused]] const ThreadGuardFor<S> guard;
  Storm<S> storm;
  for (Rounds round(50); round; ++round) {
    std::vector<typename S::Ticket> tickets;
    Worker<S>("holder that exits").run([&] {
      for (int i = 0; i < 5; ++i) tickets.push_back(storm.module.try_get());
      storm.module.put(tickets.back());
      tickets.pop_back();
    });
    GETPUT_REQUIRE(storm.module.count() == (counts<S>() ? 4 : 0), count_text(storm.module, 4));
    if (S::info.removal) {
      storm.module.stop();
      GETPUT_REQUIRE(!storm.module.drained(), "the references of a thread that exited are gone");
      storm.module.restart();
    }
    Worker<S>("heir that exits").run([&] {
      for (const auto& ticket : tickets) storm.module.put(ticket);
    });
    GETPUT_REQUIRE(storm.module.count() == 0, count_text(storm.module, 0));
  }
  return storm.balance();
}

}  // namespace getput::contract
