// SPDX-License-Identifier: MIT
// Waiting and waking: how a remover sleeps until the last reference is gone.
//
// A put must not touch its object after the store that gives the reference back: the remover may
// free the object at once. So the put looks at one process-wide word, `waiters`, and wakes by key
// (an address used as a number). Kernel 2.5 to 3.18 read mod->waiter after the decrement and
// relied on stop_machine or synchronize_sched before the free instead.
//
//   put                         remover
//   count in own word           waiters += 1                     (1)
//   light or full barrier       heavy_barrier()                  (2)
//   read waiters                read the counts; sleep if held   (3)
// Either the put sees (1) and wakes, or (3) sees the put's count.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "../stop_token.hpp"
#include "membarrier.hpp"

namespace getput::machine {

inline void cpu_relax() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield" ::: "memory");
#endif
}

class Parking {
 public:
  /// After a put's counting store: wakes whoever waits for @p key. One load when nobody waits.
  static void wake_if_waiting(const void* key) noexcept {
    if (waiters_.load(std::memory_order_seq_cst) != 0) [[unlikely]]
      wake(key);
  }

  [[gnu::cold, gnu::noinline]] static void wake(const void* key) noexcept {
    Bucket& b = bucket(key);
    b.epoch.fetch_add(1, std::memory_order_release);
    futex(&b.epoch, FUTEX_WAKE_PRIVATE, INT_MAX);
  }

  /// Returns once done() is true or @p token asks to stop. Spins briefly, then sleeps; done() is
  /// called repeatedly by this thread and must become true by acts that call wake_if_waiting(key).
  template <class Done>
  static void wait(const void* key, Done done, const StopToken& token) {
    for (int i = 0; i < kSpins; ++i) {
      if (done() || token.stop_requested())
        return;
      cpu_relax();
    }
    const auto wake_this = [key] { wake(key); };
    const StopCallback<decltype(wake_this)> on_stop(token, wake_this);
    const Registration registered;
    for (;;) {
      const std::uint32_t seen = bucket(key).epoch.load(std::memory_order_acquire);
      if (done() || token.stop_requested())
        return;
      futex(&bucket(key).epoch, FUTEX_WAIT_PRIVATE, seen);
    }
  }

  /// Sleeps for @p length, or until @p token asks to stop.
  static void pause(std::chrono::nanoseconds length, const StopToken& token) {
    std::mutex mutex;
    std::condition_variable stopped;
    const auto stop = [&] {
      const std::lock_guard not_between_check_and_sleep(mutex);
      stopped.notify_all();
    };
    const StopCallback<decltype(stop)> on_stop(token, stop);
    std::unique_lock lock(mutex);
    stopped.wait_for(lock, length, [&] { return token.stop_requested(); });
  }

 private:
  static constexpr int kSpins = 512;
  static constexpr std::size_t kBuckets = 64;

  struct alignas(64) Bucket {
    std::atomic<std::uint32_t> epoch;  // C++20: starts at 0
  };

  struct Registration {
    Registration() noexcept {
      waiters_.fetch_add(1, std::memory_order_seq_cst);
      Membarrier::heavy_barrier();
    }
    ~Registration() { waiters_.fetch_sub(1, std::memory_order_seq_cst); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
  };

  static Bucket& bucket(const void* key) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(key);
    return buckets_[((address >> 6) ^ (address >> 12)) % kBuckets];
  }

  static void futex(std::atomic<std::uint32_t>* word, int operation, std::uint32_t value) noexcept {
    syscall(SYS_futex, word, operation, value, nullptr, nullptr, 0);
  }

  // Alone on its line: read by every put, written only when a remover goes to sleep.
  struct alignas(64) WaiterCount : std::atomic<std::uint32_t> {
    using std::atomic<std::uint32_t>::atomic;
  };
  static inline constinit WaiterCount waiters_{0};
  static inline constinit std::array<Bucket, kBuckets> buckets_{};
};

}  // namespace getput::machine
