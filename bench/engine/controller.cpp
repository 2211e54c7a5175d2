// SPDX-License-Identifier: MIT
#include "bench/engine/controller.hpp"

#include <chrono>
#include <utility>

#include "bench/engine/placement.hpp"

namespace getput::bench {

bool ControllerContext::wait_for(BurstPhase phase) const {
  // Spinning would take a CPU from a worker; a phase lasts longer than this.
  constexpr std::chrono::microseconds kNap{20};
  for (;;) {
    const BurstPhase now = this->phase();
    if (now >= phase) {
      return now != BurstPhase::done || phase == BurstPhase::done;
    }
    std::this_thread::sleep_for(kNap);
  }
}

Controller::~Controller() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Controller::start(std::function<void()> job, std::optional<unsigned> pu) {
  {
    const std::lock_guard lock(mutex_);
    job_ = std::move(job);
    pu_ = pu;
    failure_ = nullptr;
  }
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { thread_main(); });
  }
  changed_.notify_all();
}

std::exception_ptr Controller::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !job_; });
  return std::exchange(failure_, nullptr);
}

void Controller::move_to(std::optional<unsigned> pu) {
  if (pu == pinned_) {
    return;
  }
  if (pu) {
    pin_this_thread(*pu);
  } else {
    unpin_this_thread();
  }
  pinned_ = pu;
}

void Controller::thread_main() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return quit_ || job_; });
    if (quit_) {
      return;
    }
    const std::function<void()> job = job_;
    const std::optional<unsigned> pu = pu_;
    lock.unlock();
    std::exception_ptr failure;
    try {
      move_to(pu);
      job();
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    job_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace getput::bench
