// SPDX-License-Identifier: MIT
// Per-thread words: N 64-bit counters of one object, a copy in every thread, written only by that
// thread with plain instructions and read by a remover.
//
// Layout: every thread has an account (thread_wide.hpp) with the words of the first 1024 objects in
// it, and further chunks of twice the size each, mapped when the thread first counts in them. An
// object's words lie at the same offset of the same chunk in every thread.
//
// An account outlives its thread with the counts in it, and the next new thread goes on counting
// there. So nothing moves when a thread ends, and a sum takes no lock.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <mutex>

#include "atomic_ref.hpp"
#include "local_add.hpp"
#include "process_wide.hpp"
#include "slot_space.hpp"
#include "thread_wide.hpp"

namespace getput::machine {

/// Where an object's words are in every account: for the first objects, bytes from its begin; for
/// the others a chunk and an offset in it, as a negative number. One word, so that one test tells.
class ThreadSlot {
 public:
  constexpr ThreadSlot(std::uint32_t chunk, std::uint32_t offset) noexcept
      : bits_(static_cast<std::int64_t>(std::uint64_t{chunk} << 32 | offset |
                                        (chunk != 0 ? kElsewhere : 0))) {}

  void load_before_what_follows() noexcept { asm volatile("" : "+r"(bits_) : : "memory"); }

  constexpr bool in_account() const noexcept { return bits_ >= 0; }
  constexpr std::int64_t offset_in_account() const noexcept { return bits_; }

  constexpr std::uint32_t chunk() const noexcept {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(bits_) & ~kElsewhere) >> 32);
  }
  constexpr std::uint32_t offset() const noexcept { return static_cast<std::uint32_t>(bits_); }

 private:
  static constexpr std::uint64_t kElsewhere = std::uint64_t{1} << 63;
  std::int64_t bits_;
};

/// One thread's words of all objects whose slots have this size.
template <std::size_t SlotBytes>
struct ThreadAccount {
  static constexpr auto kNameText = numbered_name("thread account of ", SlotBytes);
  static constexpr const char* kName = kNameText.data();
  static constexpr std::uint32_t kFirstSlots = 1024;
  static constexpr std::uint32_t kChunks = 16;
  static constexpr std::uint32_t kMostSlots = kFirstSlots * ((1U << kChunks) - 1);

  /// Chunk k begins with slot kFirstSlots * (2^k - 1).
  static ThreadSlot place_of(std::uint32_t slot) noexcept {
    const auto chunk = static_cast<std::uint32_t>(std::bit_width(slot / kFirstSlots + 1) - 1);
    const std::uint32_t first = kFirstSlots * ((1U << chunk) - 1);
    return {chunk, static_cast<std::uint32_t>((slot - first) * SlotBytes)};
  }
  static std::uint32_t slot_at(ThreadSlot place) noexcept {
    return kFirstSlots * ((1U << place.chunk()) - 1) +
           static_cast<std::uint32_t>(place.offset() / SlotBytes);
  }

  /// Null while this thread has not counted in that chunk.
  char* find(ThreadSlot place) noexcept {
    if (place.in_account())
      return first + place.offset_in_account();
    char* const chunk = further[place.chunk()].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : chunk + place.offset();
  }

  /// By the thread itself, of an object beyond the first.
  [[gnu::noinline]] char* find_or_map(ThreadSlot place) noexcept {
    if (char* const known = find(place); known != nullptr) [[likely]]
      return known;
    const SignalsBlocked no_handler_maps_another;
    if (char* const known = find(place); known != nullptr)
      return known;
    auto* const chunk = static_cast<char*>(
        pages_or_abort((kFirstSlots << place.chunk()) * SlotBytes, "per-thread counter memory"));
    further[place.chunk()].store(chunk, std::memory_order_release);
    return chunk + place.offset();
  }

  alignas(64) char first[kFirstSlots * SlotBytes];
  std::array<std::atomic<char*>, kChunks> further;  // [0] is not used
};

/// Hands out the slots of one size. One for the process.
template <std::size_t SlotBytes>
class ThreadArena {
  using Account = ThreadAccount<SlotBytes>;
  using Accounts = ThreadWide<Account>;

 public:
  static constexpr auto kNameText = numbered_name("per-thread counter memory of ", SlotBytes);
  static constexpr const char* kName = kNameText.data();

  static ThreadArena& instance() noexcept { return ProcessWide<ThreadArena>::get(); }

  /// A fresh slot, zero in every thread. Throws OutOfSlots.
  ThreadSlot take() {
    const std::lock_guard lock(mutex_);
    return Account::place_of(slots_.take());
  }

  /// Returns a slot. The caller guarantees that no thread counts in it any more.
  void give_back(ThreadSlot place) noexcept {
    // Not under the lock: the first look for the accounts takes the lock of the directory, under
    // which others are made that take a slot here.
    Accounts::each([place](Account& account) {
      if (char* const at = account.find(place); at != nullptr)
        for (std::size_t i = 0; i < SlotBytes; i += sizeof(std::int64_t)) clear(at + i);
    });
    const std::lock_guard lock(mutex_);
    slots_.give_back(Account::slot_at(place));
  }

  void before_fork() noexcept { mutex_.lock(); }
  void after_fork() noexcept { mutex_.unlock(); }
  void in_child() noexcept { mutex_.unlock(); }

 private:
  // Reads first: a word that was never written lies on the shared zero page and stays there.
  static void clear(char* at) noexcept {
    const AtomicRef<std::int64_t> word(*reinterpret_cast<std::int64_t*>(at));
    if (word.load(std::memory_order_relaxed) != 0)
      word.store(0, std::memory_order_relaxed);
  }

  std::mutex mutex_;
  SlotSpace slots_{Account::kMostSlots, "per-thread counter memory"};
};

/// N words a thread for one object.
template <std::size_t N>
class PerThreadWords {
 public:
  static constexpr std::size_t kBytesPerThread = N * sizeof(std::int64_t);

  PerThreadWords() : place_(Arena::instance().take()) {}
  ~PerThreadWords() { Arena::instance().give_back(place_); }
  PerThreadWords(const PerThreadWords&) = delete;
  PerThreadWords& operator=(const PerThreadWords&) = delete;

  /// Adds @p delta to this thread's word Word. Release; a compiler barrier on both sides. A
  /// thread's first count maps its account, and ends the process if there is no memory for it.
  template <std::size_t Word>
  void add(std::int64_t delta) noexcept {
    static_assert(Word < N);
    ThreadSlot place = place_;
    // First the place, then the thread's account: g++ would load them the other way round, and then
    // Zen 3 does not forward one add of a word to the next (1.5 times the cost of a pair).
    place.load_before_what_follows();
    Account& mine = ThreadWide<Account>::mine();
    if (place.in_account()) [[likely]]
      local_add<Word * 8>(mine.first + place.offset_in_account(), delta);
    else
      local_add<Word * 8>(mine.find_or_map(place), delta);
  }

  /// Sum over all threads, living and departed, of word Word, modulo 2^64. Acquire. A thread whose
  /// first count is missed is one that has not passed its next barrier.
  template <std::size_t Word>
  std::int64_t sum() const noexcept {
    std::uint64_t total = 0;
    ThreadWide<Account>::each([this, &total](Account& account) {
      if (char* const words = account.find(place_); words != nullptr)
        total += static_cast<std::uint64_t>(
            AtomicRef<std::int64_t>(reinterpret_cast<std::int64_t*>(words)[Word])
                .load(std::memory_order_acquire));
    });
    return static_cast<std::int64_t>(total);
  }

 private:
  using Account = ThreadAccount<kBytesPerThread>;
  using Arena = ThreadArena<kBytesPerThread>;

  ThreadSlot place_;
};

}  // namespace getput::machine
