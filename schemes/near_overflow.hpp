// SPDX-License-Identifier: MIT
// For tests of what happens at the limit of a counter (SchemeInfo::overflow).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace getput {

/// Per-CPU words as if references had been taken on this CPU and given back on the next one for
/// years: @p n more and this CPU's word wraps. Their sum is what it was.
template <class M, std::size_t Word, class Words>
void shift_to_this_cpu(Words& words, std::int64_t n) noexcept {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - n;
  const unsigned here = M::current_cpu();
  words.template on<Word>(here).fetch_add(most, std::memory_order_relaxed);
  words.template on<Word>((here + 1) % M::possible_cpus())
      .fetch_sub(most, std::memory_order_relaxed);
}

}  // namespace getput
