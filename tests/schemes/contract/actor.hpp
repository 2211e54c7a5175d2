// SPDX-License-Identifier: MIT
// Threads for the contract checks: a worker that runs one job after another (so that "T1 gets, T2
// puts" can be written down), a crowd that repeats one step, and a time limit for waits.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "schemes/scheme.hpp"
#include "tests/schemes/contract/effort.hpp"

namespace getput::contract {

/// A thread that runs jobs one after another. A job that does not end within patience() ends the
/// program with a line that names the worker: what it waits for can no longer be taken apart.
class Actor {
 public:
  using Loop = std::function<void()>;

  /// @p around runs in the new thread and calls the loop; it holds what the thread must hold.
  Actor(std::string name, std::function<void(const Loop&)> around);
  ~Actor();
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  /// Hands over a job; the previous one must have ended.
  void start(std::function<void()> job);
  /// True once the job has ended.
  bool ends_within(milliseconds limit);
  /// Waits for the job started last.
  void finish();
  void run(std::function<void()> job) {
    start(std::move(job));
    finish();
  }
  /// Kernel thread id, for sched_setaffinity.
  int tid() const { return tid_; }

 private:
  void loop();

  std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> job_;
  bool quit_ = false;
  int tid_ = 0;
  std::thread thread_;
};

/// An Actor that is registered with scheme S.
template <class S>
class Worker : public Actor {
 public:
  explicit Worker(std::string name) : Actor(std::move(name), &guarded) {}

 private:
  static void guarded(const Loop& loop) {
    [[maybe_unused]] const ThreadGuardFor<S> guard;
    loop();
  }
};

/// Threads registered with S that repeat step(index) until the crowd is dispersed.
template <class S>
class Crowd {
 public:
  template <class Step>
  Crowd(int size, Step step) {
    for (int i = 0; i < size; ++i)
      threads_.emplace_back([this, step, i]() mutable {
        [[maybe_unused]] const ThreadGuardFor<S> guard;
        while (!enough_.load(std::memory_order_relaxed)) step(i);
      });
  }
  ~Crowd() { disperse(); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  void disperse() {
    enough_.store(true, std::memory_order_relaxed);
    for (std::thread& t : threads_)
      if (t.joinable())
        t.join();
  }

 private:
  std::atomic<bool> enough_{false};
  std::vector<std::thread> threads_;
};

/// Asks its token to stop when time is up, so that no wait_drained() waits for ever.
class Deadline {
 public:
  explicit Deadline(milliseconds limit = patience() / 2);
  ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  std::stop_token token() const { return source_.get_token(); }
  bool passed() const { return source_.stop_requested(); }

 private:
  std::stop_source source_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

/// Two threads that sleep and wake all the time while this exists: whoever runs is preempted ten
/// thousand times a second, in the middle of whatever he does, instead of at the end of his slice.
class Interruptions {
 public:
  Interruptions();
  ~Interruptions();
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;

 private:
  std::atomic<bool> enough_{false};
  std::vector<std::thread> threads_;
};

/// Enough attackers that somebody is always preempted half way, whatever the machine.
int crowd_size();

/// Busy for about @p n nanoseconds, without a system call.
void spin_ns(long n);

/// Numbers that differ from thread to thread and from round to round, and not from run to run.
class Dice {
 public:
  explicit Dice(unsigned seed) : state_(seed * 2654435761U + 1) {}
  unsigned operator()(unsigned sides) {
    state_ = state_ * 1664525U + 1013904223U;
    return (state_ >> 8) % sides;
  }

 private:
  unsigned state_;
};

/// A pause of a removal, by dice: none, a yield, a spin, a short sleep (after which the remover
/// preempts a caller in the middle of something).
void breathe(Dice& dice);

/// Waits (yielding) until @p done, or gives up after patience(); true if done.
template <class Done>
bool await(Done done) {
  const Clock::time_point end = Clock::now() + patience();
  while (!done()) {
    if (Clock::now() > end)
      return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace getput::contract
