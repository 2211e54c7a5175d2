// SPDX-License-Identifier: MIT
// Per-thread words: N 64-bit counters of one object, a copy in every thread, written only by that
// thread with plain instructions.
#pragma once

#include <cstdint>

#include "thread_arena.hpp"

namespace getput::machine {

/// N words a thread for one object.
template <std::size_t N>
class PerThreadWords {
 public:
  static constexpr std::size_t kBytesPerThread = N * sizeof(std::int64_t);

  PerThreadWords() : offset_(Arena::instance().take()) {}
  ~PerThreadWords() { Arena::instance().give_back(offset_); }
  PerThreadWords(const PerThreadWords&) = delete;
  PerThreadWords& operator=(const PerThreadWords&) = delete;

  /// Makes the calling thread known now, so that a failure is an exception and not an abort later.
  static void attach() { Arena::attach(); }

  /// As attach(), for callers that cannot fail: ends the process with one line.
  static void attach_or_abort() noexcept { Arena::attach_or_abort(); }

  /// Adds @p delta to this thread's word Word and returns the thread's attention word, read after
  /// the add: 0, or not 0 when the thread is not attached yet or a remover asks for wake-ups.
  /// Release; a compiler barrier on both sides.
  template <std::size_t Word>
  std::uint32_t add(std::int64_t delta) noexcept {
    static_assert(Word < N);
    if (offset_ < Arena::kRegionOffset) [[likely]]
      local_add_at<Word * 8>(offset_, delta);
    else
      add_in_region<Word>(delta);
    return Arena::attention.load(std::memory_order_relaxed);
  }

  /// Sum over all threads, living and departed, of word Word, modulo 2^64. Acquire.
  template <std::size_t Word>
  std::int64_t sum() const noexcept {
    return Arena::instance().sum(offset_, Word * 8);
  }

  /// While one exists, add() returns non-zero in every thread. A thread that missed it is known to
  /// have counted before the owner's next heavy_barrier().
  class Attention {
   public:
    Attention() noexcept { Arena::instance().ask_attention(true); }
    ~Attention() { Arena::instance().ask_attention(false); }
    Attention(const Attention&) = delete;
    Attention& operator=(const Attention&) = delete;
  };

 private:
  using Arena = ThreadArena<kBytesPerThread>;

  template <std::size_t Word>
  void add_in_region(std::int64_t delta) noexcept {
    if (Arena::region == nullptr) [[unlikely]]
      attach_or_abort();
    local_add(
        reinterpret_cast<std::int64_t*>(Arena::region + (offset_ - Arena::kRegionOffset)) + Word,
        delta);
  }

  std::ptrdiff_t offset_;
};

}  // namespace getput::machine
