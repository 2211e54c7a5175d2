// SPDX-License-Identifier: MIT
// Waiting and waking: how a remover sleeps until the last reference is gone.
//
// A put must not touch its object after the store that gives the reference back: the remover may
// free the object at once. So the put looks at one word of the process, `waiters`, and wakes by key
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
#include "process_wide.hpp"

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
    if (here_.waiters.load(std::memory_order_seq_cst) != 0) [[unlikely]]
      wake(key);
  }

  [[gnu::cold, gnu::noinline, gnu::visibility("hidden")]] static void wake(
      const void* key) noexcept {
    Lot& lot = here_.join();
    if (here_.waiters.load(std::memory_order_seq_cst) == 0)
      return;  // this image was not part of it yet
    Bucket& b = lot.bucket(key);
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
    Lot& lot = here_.join();
    const Registration registered(lot);
    for (;;) {
      std::atomic<std::uint32_t>& epoch = lot.bucket(key).epoch;
      const std::uint32_t seen = epoch.load(std::memory_order_acquire);
      if (done() || token.stop_requested())
        return;
      futex(&epoch, FUTEX_WAIT_PRIVATE, seen);
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

  struct Lot;

  /// An image's copy of the number of waiters, alone on its line: read by every put, written only
  /// when a remover goes to sleep. A copy, because a word of the process would cost each put a
  /// pointer. It is 1 until the image has joined, so that the first put comes by wake().
  struct alignas(64) Here {
    std::atomic<std::uint32_t> waiters{1};
    std::atomic<Lot*> lot{nullptr};
    Here* next = nullptr;

    constexpr Here() noexcept = default;
    ~Here() {  // the image is closed
      if (Lot* const joined = lot.load(std::memory_order_acquire); joined != nullptr)
        joined->remove(*this);
    }
    Lot& join() noexcept {
      Lot* const joined = lot.load(std::memory_order_acquire);
      return joined != nullptr ? *joined : ProcessWide<Lot>::get().add(*this);
    }
  };

  /// Where removers sleep, one for the process.
  struct Lot {
    static constexpr const char* kName = "parking lot";

    Bucket& bucket(const void* key) noexcept {
      const auto address = reinterpret_cast<std::uintptr_t>(key);
      return buckets[((address >> 6) ^ (address >> 12)) % kBuckets];
    }

    Lot& add(Here& image) noexcept {
      const Locked one_at_a_time(*this);
      if (image.lot.load(std::memory_order_relaxed) == nullptr) {
        image.next = images;
        images = &image;
        image.waiters.store(waiters, std::memory_order_seq_cst);
        image.lot.store(this, std::memory_order_release);
      }
      return *this;
    }
    void remove(Here& image) noexcept {
      const Locked one_at_a_time(*this);
      Here** link = &images;
      while (*link != &image) link = &(*link)->next;
      *link = image.next;
      image.lot.store(nullptr, std::memory_order_relaxed);
      image.waiters.store(1, std::memory_order_seq_cst);  // later puts, at exit, join again
    }
    void change(std::uint32_t by) noexcept {
      const Locked one_at_a_time(*this);
      waiters += by;
      for (Here* image = images; image != nullptr; image = image->next)
        image->waiters.store(waiters, std::memory_order_seq_cst);
    }

    void before_fork() noexcept { lock(); }
    void after_fork() noexcept { unlock(); }
    // Waiters are other threads, or this one, which is not waiting.
    void in_child() noexcept {
      waiters = 0;
      for (Here* image = images; image != nullptr; image = image->next)
        image->waiters.store(0, std::memory_order_seq_cst);
      unlock();
    }

    std::array<Bucket, kBuckets> buckets{};

   private:
    // A signal handler may be an image's first put.
    class Locked {
     public:
      explicit Locked(Lot& lot) noexcept : lot_(lot) { lot_.lock(); }
      ~Locked() { lot_.unlock(); }
      Locked(const Locked&) = delete;
      Locked& operator=(const Locked&) = delete;

     private:
      SignalsBlocked no_handler_waits_for_the_lock_;
      Lot& lot_;
    };
    void lock() noexcept {
      while (locked.exchange(true, std::memory_order_acquire)) sched_yield();
    }
    void unlock() noexcept { locked.store(false, std::memory_order_release); }

    std::atomic<bool> locked{false};
    std::uint32_t waiters = 0;
    Here* images = nullptr;
  };

  class Registration {
   public:
    explicit Registration(Lot& lot) noexcept : lot_(lot) {
      lot_.change(1);
      Membarrier::heavy_barrier();
    }
    ~Registration() { lot_.change(0U - 1); }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;

   private:
    Lot& lot_;
  };

  static void futex(std::atomic<std::uint32_t>* word, int operation, std::uint32_t value) noexcept {
    syscall(SYS_futex, word, operation, value, nullptr, nullptr, 0);
  }

  [[gnu::visibility("hidden")]] static Here here_;  // of this image, and reached without the GOT
};

inline constinit Parking::Here Parking::here_{};

}  // namespace getput::machine
