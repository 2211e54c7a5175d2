// SPDX-License-Identifier: MIT
#include "tests/schemes/contract/actor.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace getput::contract {

Actor::Actor(std::string name, std::function<void(const Loop&)> around) : name_(std::move(name)) {
  thread_ = std::thread([this, around = std::move(around)] {
    {
      const std::lock_guard lock(mutex_);
      tid_ = static_cast<int>(syscall(SYS_gettid));
    }
    changed_.notify_all();
    around([this] { loop(); });
  });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return tid_ != 0; });
}

Actor::~Actor() {
  finish();
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Actor::loop() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return job_ || quit_; });
    if (!job_)
      return;
    lock.unlock();
    job_();
    lock.lock();
    job_ = nullptr;
    lock.unlock();
    changed_.notify_all();
  }
}

void Actor::start(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    job_ = std::move(job);
  }
  changed_.notify_all();
}

bool Actor::ends_within(milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return !job_; });
}

void Actor::finish() {
  if (ends_within(patience()))
    return;
  std::fprintf(stderr, "contract: the %s did not come back within %ld s\n", name_.c_str(),
               static_cast<long>(patience().count() / 1000));
  std::abort();
}

Deadline::Deadline(milliseconds limit) {
  thread_ = std::thread([this, limit] {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, limit, [this] { return over_; }))
      source_.request_stop();
  });
}

Deadline::~Deadline() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Interruptions::Interruptions() {
  for (int i = 0; i < 2; ++i)
    threads_.emplace_back([this, i] {
      while (!enough_) {
        std::this_thread::sleep_for(microseconds(50 + 30 * i));
        spin_ns(1000);
      }
    });
}

Interruptions::~Interruptions() {
  enough_ = true;
  for (std::thread& t : threads_) t.join();
}

int crowd_size() {
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()) + 1, 3, 6);
}

void spin_ns(long n) {
  const Clock::time_point end = Clock::now() + std::chrono::nanoseconds(n);
  while (Clock::now() < end) {
  }
}

void breathe(Dice& dice) {
  switch (dice(4)) {
    case 0:
      return;
    case 1:
      std::this_thread::yield();
      return;
    case 2:
      spin_ns(2000);
      return;
    default:
      std::this_thread::sleep_for(microseconds(40));
  }
}

}  // namespace getput::contract
