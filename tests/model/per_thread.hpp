// SPDX-License-Identifier: MIT
// machine::PerThreadWords in the model: a word of each thread, reached without a lock. That a
// thread's account is not found yet, natively, is here that its word is read as it was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/model/cell.hpp"
#include "tests/model/uses.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

template <std::size_t N>
class PerThreadWords {
 public:
  static constexpr std::size_t kBytesPerThread = N * sizeof(std::int64_t);

  template <std::size_t Word>
  void add(std::int64_t delta, const Where& at = Where::current()) noexcept {
    static_assert(Word < N);
    uses.thread_words = true;
    auto& mine = words_[static_cast<std::size_t>(self())][Word];
    const std::int64_t before = mine.load(std::memory_order_relaxed, at);
    mine.store(before + delta, std::memory_order_release, at);
    compiler_barrier();  // assembly
  }

  template <std::size_t Word>
  std::int64_t sum(const Where& at = Where::current()) const noexcept {
    std::uint64_t total = 0;
    for (const auto& thread : words_)
      total += static_cast<std::uint64_t>(thread[Word].load(std::memory_order_acquire, at));
    return static_cast<std::int64_t>(total);
  }

 private:
  std::array<std::array<Atomic<std::int64_t>, N>, kMaxThreads> words_;
};

}  // namespace getput::model
