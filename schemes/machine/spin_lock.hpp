// SPDX-License-Identifier: MIT
// The spinlock that lock-based schemes and slow paths stand on: test, then test-and-set, as in
// kernel 2.4. Gives up the CPU after a while, because in user space the holder may be preempted.
#pragma once

#include <sched.h>

#include <atomic>

#include "parking.hpp"

namespace getput::machine {

class SpinLock {
 public:
  void lock() noexcept {
    if (locked_.exchange(true, std::memory_order_acquire)) [[unlikely]]
      spin();
  }
  bool try_lock() noexcept { return !locked_.exchange(true, std::memory_order_acquire); }
  void unlock() noexcept { locked_.store(false, std::memory_order_release); }

 private:
  [[gnu::cold, gnu::noinline]] void spin() noexcept {
    do {
      for (int spins = 0; locked_.load(std::memory_order_relaxed); ++spins) {
        if (spins < kSpinsBeforeYield)
          cpu_relax();
        else
          sched_yield();
      }
    } while (locked_.exchange(true, std::memory_order_acquire));
  }

  static constexpr int kSpinsBeforeYield = 1000;
  std::atomic<bool> locked_{false};
};

}  // namespace getput::machine
