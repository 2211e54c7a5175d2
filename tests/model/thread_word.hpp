// SPDX-License-Identifier: MIT
// machine::ThreadWord in the model: words in every thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tests/model/cell.hpp"
#include "tests/model/world.hpp"

namespace getput::model {

template <class User, std::size_t N = 1>
class ThreadWord {
 public:
  static Atomic<std::uint64_t>& mine(std::size_t i = 0) noexcept {
    return words_[static_cast<std::size_t>(self())][i];
  }

  template <class Accept>
  static bool all_of(Accept accept, const Where& at = Where::current()) {
    bool all = true;
    for (auto& thread : words_)
      for (auto& word : thread) all = all && accept(word.load(std::memory_order_acquire, at));
    return all;
  }

 private:
  static inline std::array<std::array<Atomic<std::uint64_t>, N>, kMaxThreads> words_;
};

}  // namespace getput::model
