// SPDX-License-Identifier: MIT
// Words in every thread that uses something, written only by that thread and read by all: an epoch
// record, or hazard pointers. A thread has them from its first use on.
//
// A thread that ends while a word is not 0 leaves it so, and no other thread takes its words over:
// a thread that was inside stays inside. Likewise the words of threads that do not exist in the
// child of a fork.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "thread_wide.hpp"

namespace getput::machine {

/// @p N words in each thread. @p User tells the words of one scheme from those of another, by
/// User::kThreadWordName.
template <class User, std::size_t N = 1>
class ThreadWord {
 public:
  using Word = std::atomic<std::uint64_t>;

  /// The calling thread's word number @p i, below N; 0 at first.
  static Word& mine(std::size_t i = 0) noexcept { return ThreadWide<Record>::mine().words[i]; }

  /// Does @p accept(value) hold for every word of every thread? Acquire. A thread whose first word
  /// is missed is one that has not passed its next barrier.
  template <class Accept>
  static bool all_of(Accept accept) {
    bool all = true;
    ThreadWide<Record>::each([&](Record& record) {
      all = all && std::all_of(record.words.begin(), record.words.end(), [&](const Word& word) {
              return accept(word.load(std::memory_order_acquire));
            });
    });
    return all;
  }

 private:
  // Lines of their own: their thread writes them at every call.
  struct alignas(64) Record {
    static constexpr const char* kName = User::kThreadWordName;
    bool may_pass_on() const noexcept {
      return std::all_of(words.begin(), words.end(), [](const Word& word) {
        return word.load(std::memory_order_relaxed) == 0;
      });
    }
    std::array<Word, N> words{};
  };
};

}  // namespace getput::machine
