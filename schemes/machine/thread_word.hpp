// SPDX-License-Identifier: MIT
// One word in every thread that uses something, written only by that thread and read by all: an
// epoch record, for instance. A thread has it from its first use on.
//
// A thread that ends while its word is not 0 leaves it so, and no other thread takes it over: who
// was inside stays inside. Likewise the words of threads that do not exist in the child of a fork.
#pragma once

#include <atomic>
#include <cstdint>

#include "thread_wide.hpp"

namespace getput::machine {

/// @p User tells the words of one scheme from those of another, by User::kThreadWordName.
template <class User>
class ThreadWord {
 public:
  using Word = std::atomic<std::uint64_t>;

  /// The calling thread's word; 0 at first.
  static Word& mine() noexcept { return ThreadWide<Record>::mine().word; }

  /// Does @p accept(value) hold for every thread's word? Acquire. A thread whose first word is
  /// missed is one that has not passed its next barrier.
  template <class Accept>
  static bool all_of(Accept accept) {
    bool all = true;
    ThreadWide<Record>::each(
        [&](Record& record) { all = all && accept(record.word.load(std::memory_order_acquire)); });
    return all;
  }

 private:
  // A line of its own: its thread writes it at every call.
  struct alignas(64) Record {
    static constexpr const char* kName = User::kThreadWordName;
    bool may_pass_on() const noexcept { return word.load(std::memory_order_relaxed) == 0; }
    Word word{0};
  };
};

}  // namespace getput::machine
