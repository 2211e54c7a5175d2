// SPDX-License-Identifier: MIT
// Per-thread counter memory: for every thread a block of slots in its static thread-local storage
// and, for the objects beyond those, a region of its own. An object's slot has the same offset in
// every thread.
//
// Life of a thread here: it may count before anybody knows it, because its block exists from the
// start; its attention word is non-zero until it has attached, so the first count leads to
// attach(). When it exits, its counts are folded into the account of departed threads.
//
// Fork: a fork waits while accounts are changed. In the child the counts of threads that do not
// exist there are folded as if they had exited: references that they held stay counted, and their
// stacks, which C libraries use again, are nobody's accounts any more.
//
// Limits: the block is static thread-local storage (initial-exec), so a shared object with this in
// it has to be there when the program starts; dlopen() has no room for it. Counts made by
// thread-specific data destructors in the last of their rounds (PTHREAD_DESTRUCTOR_ITERATIONS)
// attach a thread that is not told of its end any more.
#pragma once

#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include "../modular.hpp"
#include "local_add.hpp"
#include "region.hpp"
#include "slot_space.hpp"

namespace getput::machine {

/// All threads' slots of one size. One instance per size for the process, never destroyed: objects
/// with static storage may outlive any order of destruction.
template <std::size_t SlotBytes>
class ThreadArena {
 public:
  static constexpr std::size_t kBlockSlots = 1024;
  static constexpr std::size_t kRegionBytes = std::size_t{64} << 20;
  static constexpr std::uint32_t kMaxSlots = kBlockSlots + kRegionBytes / SlotBytes;

  /// Offsets above this are in the region, others count from the thread pointer.
  static constexpr std::ptrdiff_t kRegionOffset = std::ptrdiff_t{1} << 32;

  /// Not zero: this thread has to do more than count. kUnattached, or a wake-up is asked for.
  static inline thread_local constinit std::atomic<std::uint32_t> attention{1};

  /// This thread's region, for objects beyond the block. Null before attach().
  static inline thread_local constinit char* region = nullptr;

  static ThreadArena& instance() {
    static ThreadArena* const arena = new ThreadArena;
    return *arena;
  }

  /// Makes the calling thread known. Throws OutOfSlots.
  static void attach() {
    if ((attention.load(std::memory_order_relaxed) & kUnattached) != 0)
      instance().enter();
  }

  /// As attach(), for callers that cannot fail: ends the process with one line.
  [[gnu::cold, gnu::noinline]] static void attach_or_abort() noexcept {
    try {
      attach();
    } catch (const std::exception& e) {
      std::fprintf(stderr, "getput: %s\n", e.what());
      std::abort();
    }
  }

  /// Offset of a fresh slot, zero in every thread. Throws OutOfSlots.
  std::ptrdiff_t take() {
    const std::lock_guard lock(mutex_);
    const std::uint32_t slot = slots_.take();
    try {
      if (slot >= kBlockSlots)
        grow_to((slot - kBlockSlots + 1) * SlotBytes);
    } catch (...) {
      slots_.give_back(slot);
      throw;
    }
    if (slot < kBlockSlots)
      return block_offset() + static_cast<std::ptrdiff_t>(slot * SlotBytes);
    return kRegionOffset + static_cast<std::ptrdiff_t>((slot - kBlockSlots) * SlotBytes);
  }

  /// Returns a slot. The caller guarantees that no thread counts in it any more.
  void give_back(std::ptrdiff_t offset) noexcept {
    const std::lock_guard lock(mutex_);
    for (const Account& account : accounts_)
      for (std::size_t i = 0; i < SlotBytes; i += sizeof(std::int64_t))
        store_if_changed(account.at(offset) + i, 0);
    slots_.give_back(slot_of(offset));
  }

  /// Sum of the word at @p offset + @p displacement over all threads, living and departed, modulo
  /// 2^64. Acquire.
  std::int64_t sum(std::ptrdiff_t offset, std::size_t displacement) noexcept {
    const std::lock_guard lock(mutex_);
    std::uint64_t total = 0;
    for (const Account& account : accounts_)
      total += static_cast<std::uint64_t>(
          word(account.at(offset) + displacement).load(std::memory_order_acquire));
    return static_cast<std::int64_t>(total);
  }

  /// From now on, until the same call with false, every thread's attention word is non-zero.
  void ask_attention(bool on) noexcept {
    const std::lock_guard lock(mutex_);
    asked_ += on ? kAsked : 0U - kAsked;
    for (std::size_t i = 1; i < accounts_.size(); ++i)
      accounts_[i].attention->store(asked_, std::memory_order_seq_cst);
  }

 private:
  static constexpr std::uint32_t kUnattached = 1;
  static constexpr std::uint32_t kAsked = 2;
  static constexpr const char* kWhat = "per-thread counter memory";
  static constexpr std::size_t kStep = std::size_t{256} << 10;

  using Block = std::array<std::int64_t, kBlockSlots * SlotBytes / sizeof(std::int64_t)>;

  // initial-exec: a fixed distance from the thread pointer, the same in every thread.
  [[gnu::tls_model("initial-exec")]] alignas(64) static inline thread_local constinit Block block{};

  // One thread's counts; accounts_[0] holds those of departed threads.
  struct Account {
    char* block;
    char* region;
    std::atomic<std::uint32_t>* attention;

    char* at(std::ptrdiff_t offset) const noexcept {
      return offset < kRegionOffset ? block + (offset - block_offset())
                                    : region + (offset - kRegionOffset);
    }
  };

  ThreadArena() : departed_(std::make_unique<Block>()) {
    if (pthread_key_create(&exit_key_, &ThreadArena::on_thread_exit) != 0)
      throw OutOfSlots("cannot create a thread key for per-thread counters: too many keys in use");
    accounts_.push_back(
        {reinterpret_cast<char*>(departed_->data()), reserve_region(kRegionBytes, kWhat), nullptr});
    if (pthread_atfork(&before_fork, &after_fork, &in_child) != 0)
      throw OutOfSlots("no memory to be told of forks, for per-thread counters");
  }

  // Not inlined: GNU ld cannot relax every instruction that g++ would fold this address into.
  [[gnu::noinline]] static char* block_here() noexcept {
    return reinterpret_cast<char*>(block.data());
  }
  static std::ptrdiff_t block_offset() noexcept { return block_here() - thread_pointer(); }

  static std::uint32_t slot_of(std::ptrdiff_t offset) noexcept {
    const bool in_block = offset < kRegionOffset;
    const std::ptrdiff_t bytes = offset - (in_block ? block_offset() : kRegionOffset);
    return static_cast<std::uint32_t>(static_cast<std::size_t>(bytes) / SlotBytes +
                                      (in_block ? 0 : kBlockSlots));
  }

  static std::atomic_ref<std::int64_t> word(char* at) noexcept {
    return std::atomic_ref(*reinterpret_cast<std::int64_t*>(at));
  }

  static void store_if_changed(char* at, std::int64_t value) noexcept {
    if (word(at).load(std::memory_order_relaxed) != value)
      word(at).store(value, std::memory_order_relaxed);
  }

  void enter() {
    const std::lock_guard lock(mutex_);
    accounts_.reserve(accounts_.size() + 1);
    idle_regions_.reserve(accounts_.size() + 1);
    if (pthread_setspecific(exit_key_, this) != 0)  // unseen, its end would leave a dead account
      throw OutOfSlots("no memory to be told of a thread's end, for per-thread counters");
    region = idle_regions_.empty() ? fresh_region() : idle_regions_.back();
    if (!idle_regions_.empty())
      idle_regions_.pop_back();
    accounts_.push_back({block_here(), region, &attention});
    attention.store(asked_, std::memory_order_seq_cst);
  }

  char* fresh_region() {
    char* fresh = reserve_region(kRegionBytes, kWhat);
    if (committed_ != 0)
      commit_region(fresh, committed_, kWhat);
    return fresh;
  }

  // Later counts of this thread, from other thread-local destructors, attach it again.
  static void on_thread_exit(void* arena) noexcept {
    static_cast<ThreadArena*>(arena)->leave();
    attention.store(kUnattached, std::memory_order_relaxed);
  }

  void leave() noexcept {
    const std::lock_guard lock(mutex_);
    close_if([](const Account& a) { return a.attention == &attention; });
  }

  static void before_fork() { instance().mutex_.lock(); }
  static void after_fork() { instance().mutex_.unlock(); }
  static void in_child() {
    instance().close_if(
        [](const Account& a) { return a.attention != nullptr && a.attention != &attention; });
    instance().mutex_.unlock();
  }

  /// Folds the accounts of threads that have ended, or do not exist here, into that of departed
  /// threads.
  template <class Ended>
  void close_if(Ended ended) noexcept {
    const Account departed = accounts_.front();
    const std::size_t slots = slots_.high_water();
    for (const Account& account : accounts_) {
      if (!ended(account))
        continue;
      fold(departed.block, account.block, std::min(slots, kBlockSlots) * SlotBytes);
      if (slots > kBlockSlots)
        fold(departed.region, account.region, (slots - kBlockSlots) * SlotBytes);
      idle_regions_.push_back(account.region);
    }
    std::erase_if(accounts_, ended);
  }

  static void fold(char* into, char* from, std::size_t bytes) noexcept {
    for (std::size_t i = 0; i < bytes; i += sizeof(std::int64_t)) {
      const std::int64_t count = word(from + i).load(std::memory_order_relaxed);
      if (count == 0)
        continue;
      const std::int64_t before = word(into + i).load(std::memory_order_relaxed);
      word(into + i).store(modular_sum(before, count), std::memory_order_relaxed);
      word(from + i).store(0, std::memory_order_relaxed);
    }
  }

  void grow_to(std::size_t bytes) {
    while (committed_ < bytes) {
      for (const Account& account : accounts_)
        commit_region(account.region + committed_, kStep, kWhat);
      for (char* idle : idle_regions_) commit_region(idle + committed_, kStep, kWhat);
      committed_ += kStep;
    }
  }

  std::mutex mutex_;
  pthread_key_t exit_key_{};
  std::unique_ptr<Block> departed_;
  std::vector<Account> accounts_;
  std::vector<char*> idle_regions_;
  std::size_t committed_ = 0;  // bytes of every region that are memory
  std::uint32_t asked_ = 0;    // kAsked for each waiter
  SlotSpace slots_{kMaxSlots, kWhat};
};

}  // namespace getput::machine
