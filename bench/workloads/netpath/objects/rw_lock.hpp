// SPDX-License-Identifier: MIT
// The reader-writer spinlock of 2.4 and 2.6 as the packet path of that era uses it: a reader does
// one locked operation to enter and one to leave, on a word that all readers share.
//
// Where from: the form of Linux 2.6 include/asm-i386/rwlock.h: a bias that a writer takes as a
// whole and a reader takes one of. Own code.
//
// Progress: readers and writers spin; a waiting thread yields its CPU after a while, because in
// user space the holder may be preempted.
//
// Ordering: entering is an acquire operation and leaving is a release operation, both ways. The
// neighbour's header is never written here, so its lock has readers only.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>

#include "schemes/machine/parking.hpp"

namespace getput::bench::netpath {

class RwLock {
 public:
  void lock_shared() noexcept {
    while (word_.fetch_sub(1, std::memory_order_acquire) <= 0) [[unlikely]] {
        word_.fetch_add(1, std::memory_order_relaxed);
        wait_until([this] { return word_.load(std::memory_order_relaxed) > 0; });
      }
  }
  void unlock_shared() noexcept { word_.fetch_add(1, std::memory_order_release); }

  void lock() noexcept {
    while (word_.fetch_sub(kBias, std::memory_order_acquire) != kBias) [[unlikely]] {
        word_.fetch_add(kBias, std::memory_order_relaxed);
        wait_until([this] { return word_.load(std::memory_order_relaxed) == kBias; });
      }
  }
  void unlock() noexcept { word_.fetch_add(kBias, std::memory_order_release); }

 private:
  template <class Condition>
  [[gnu::cold, gnu::noinline]] static void wait_until(Condition free) noexcept {
    constexpr int kSpinsBeforeYield = 1000;
    for (int spins = 0; !free(); ++spins) {
      if (spins < kSpinsBeforeYield)
        machine::cpu_relax();
      else
        sched_yield();
    }
  }

  static constexpr std::int32_t kBias = 0x01000000;
  std::atomic<std::int32_t> word_{kBias};
};

}  // namespace getput::bench::netpath
