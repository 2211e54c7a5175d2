// SPDX-License-Identifier: MIT
// Per-thread words: N 64-bit counters of one object, a copy in every thread, written only by that
// thread with plain instructions.
//
// Each thread has one region; an object's slot has the same offset in all of them. A thread gets
// its region at its first count (or from attach(), which can report failure), and when it exits
// its counts are folded into one region kept for departed threads, so sums stay right and the
// region is used again.
//
// Fork: the child keeps the regions of threads that do not exist there; references they held stay
// counted in the child.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

#include "local_add.hpp"
#include "region.hpp"
#include "slot_space.hpp"

namespace getput::machine {

/// All threads' regions for slots of one size. One instance per size, never destroyed.
template <std::size_t SlotBytes>
class ThreadArena {
 public:
  static constexpr std::size_t kRegionBytes = std::size_t{64} << 20;
  static constexpr std::uint32_t kMaxSlots = kRegionBytes / SlotBytes;

  /// This thread's region, null before its first count. A plain load relative to the thread
  /// pointer: constant-initialized, so there is no wrapper call.
  static inline thread_local constinit char* region = nullptr;

  static ThreadArena& instance() {
    static ThreadArena* const arena = new ThreadArena;
    return *arena;
  }

  /// Gives the calling thread its region. Throws OutOfSlots.
  static char* attach() {
    if (region == nullptr)
      region = instance().adopt();
    return region;
  }

  /// As attach(), for callers that cannot fail: ends the process with one line.
  [[gnu::cold, gnu::noinline]] static char* attach_or_abort() noexcept {
    try {
      return attach();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "getput: %s\n", e.what());
      std::abort();
    }
  }

  /// Offset of a fresh slot, zero in every region. Throws OutOfSlots.
  std::size_t take() {
    const std::lock_guard lock(mutex_);
    const std::uint32_t slot = slots_.take();
    try {
      grow_to((slot + std::size_t{1}) * SlotBytes);
    } catch (...) {
      slots_.give_back(slot);
      throw;
    }
    return slot * SlotBytes;
  }

  /// Returns a slot. The caller guarantees that no thread counts in it any more.
  void give_back(std::size_t offset) noexcept {
    const std::lock_guard lock(mutex_);
    for (char* r : regions_)
      for (std::size_t i = 0; i < SlotBytes; i += 8) store_if_changed(r + offset + i, 0);
    slots_.give_back(static_cast<std::uint32_t>(offset / SlotBytes));
  }

  /// Sum of the word at @p offset over all threads, living and departed, modulo 2^64.
  std::int64_t sum(std::size_t offset) noexcept {
    const std::lock_guard lock(mutex_);
    std::uint64_t total = 0;
    for (char* r : regions_)
      total += static_cast<std::uint64_t>(word(r + offset).load(std::memory_order_acquire));
    return static_cast<std::int64_t>(total);
  }

 private:
  static constexpr const char* kWhat = "per-thread counter memory";
  static constexpr std::size_t kStep = std::size_t{256} << 10;

  ThreadArena() {
    if (pthread_key_create(&exit_key_, &ThreadArena::on_thread_exit) != 0)
      throw OutOfSlots("cannot create a thread key for per-thread counters: too many keys in use");
    regions_.push_back(reserve_region(kRegionBytes, kWhat));  // [0]: departed threads
  }

  static std::atomic_ref<std::int64_t> word(char* at) noexcept {
    return std::atomic_ref(*reinterpret_cast<std::int64_t*>(at));
  }

  static void store_if_changed(char* at, std::int64_t value) noexcept {
    if (word(at).load(std::memory_order_relaxed) != value)
      word(at).store(value, std::memory_order_relaxed);
  }

  char* adopt() {
    const std::lock_guard lock(mutex_);
    char* mine;
    if (idle_.empty()) {
      regions_.reserve(regions_.size() + 1);
      idle_.reserve(regions_.size() + 1);
      mine = reserve_region(kRegionBytes, kWhat);
      if (committed_ != 0)
        commit_region(mine, committed_, kWhat);
      regions_.push_back(mine);
    } else {
      mine = idle_.back();
      idle_.pop_back();
    }
    pthread_setspecific(exit_key_, mine);
    return mine;
  }

  static void on_thread_exit(void* mine) noexcept {
    region = nullptr;
    instance().fold(static_cast<char*>(mine));
  }

  void fold(char* mine) noexcept {
    const std::lock_guard lock(mutex_);
    char* departed = regions_.front();
    const std::size_t end = std::size_t{slots_.high_water()} * SlotBytes;
    for (std::size_t i = 0; i < end; i += 8) {
      const std::int64_t count = word(mine + i).load(std::memory_order_relaxed);
      if (count == 0)
        continue;
      word(departed + i)
          .store(word(departed + i).load(std::memory_order_relaxed) + count,
                 std::memory_order_relaxed);
      word(mine + i).store(0, std::memory_order_relaxed);
    }
    idle_.push_back(mine);
  }

  void grow_to(std::size_t bytes) {
    while (committed_ < bytes) {
      for (char* r : regions_) commit_region(r + committed_, kStep, kWhat);
      committed_ += kStep;
    }
  }

  std::mutex mutex_;
  pthread_key_t exit_key_{};
  std::vector<char*> regions_;
  std::vector<char*> idle_;
  std::size_t committed_ = 0;
  SlotSpace slots_{kMaxSlots, kWhat};
};

/// N words a thread for one object.
template <std::size_t N>
class PerThreadWords {
 public:
  static constexpr std::size_t kBytesPerThread = N * sizeof(std::int64_t);

  PerThreadWords() : offset_(Arena::instance().take()) {}
  ~PerThreadWords() { Arena::instance().give_back(offset_); }
  PerThreadWords(const PerThreadWords&) = delete;
  PerThreadWords& operator=(const PerThreadWords&) = delete;

  /// Attaches the calling thread now, so that a failure is an exception and not an abort later.
  static void attach() { Arena::attach(); }

  /// Adds @p delta to this thread's word Word. Release: what this thread did before is visible to
  /// whoever sees the sum. A compiler barrier on both sides.
  template <std::size_t Word>
  void add(std::int64_t delta) noexcept {
    static_assert(Word < N);
    char* region = Arena::region;
    if (region == nullptr) [[unlikely]]
      region = Arena::attach_or_abort();
    local_add(reinterpret_cast<std::int64_t*>(region + offset_) + Word, delta);
  }

  /// Sum over all threads, living and departed, of word Word, modulo 2^64. Acquire.
  template <std::size_t Word>
  std::int64_t sum() const noexcept {
    return Arena::instance().sum(offset_ + Word * 8);
  }

 private:
  using Arena = ThreadArena<kBytesPerThread>;

  std::size_t offset_;
};

}  // namespace getput::machine
