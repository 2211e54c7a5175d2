// SPDX-License-Identifier: MIT
// Cells whose result is a difference: what a pair adds to the work that its thread does meanwhile.
//
// A pair that is held for 100 ns takes 100 ns and something, and that something is the result. It
// is measured in time slices: the subject is the loop with the scheme, the baseline the same loop
// with `none`, which does the same work. Both are instantiations of added_slice().
#pragma once

#include <array>
#include <cstdint>

#include "bench/engine/pair_batch.hpp"
#include "bench/engine/slices.hpp"
#include "bench/workloads/pairs/chain.hpp"
#include "schemes/control/none.hpp"

namespace getput::bench::pairs {

inline constexpr unsigned kAddedCopies = 2;

/// hold_ns:N, the thread waits for a time.
struct Held {
  static constexpr const char* kBaseline = "hold";
  /// Pairs between two readings of the clock: few, because each takes as long as it is held.
  static constexpr unsigned kPairs = 32;

  std::uint64_t loops;

  template <class S>
  [[gnu::always_inline]] std::uint64_t pair(S* object) const noexcept {
    return one_pair<true>(object, loops);
  }
};

/// inside:chain, the thread multiplies (chain.hpp).
struct InsideChain {
  static constexpr const char* kBaseline = "chain";
  static constexpr unsigned kPairs = kBatch;

  std::uint64_t value = 3;

  template <class S>
  [[gnu::always_inline]] std::uint64_t pair(S* object) noexcept {
    return pair_inside_chain(object, value);
  }
};

/// One slice of pairs on one object; adds refused gets to @p failed. @p Copy shifts the code.
template <class S, class Work, unsigned Copy>
[[gnu::noinline]] void added_slice(S* object, Work work, Slice& slice, std::uint64_t& failed) {
  asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(Copy * 16));
  std::uint64_t done = 0;
  while (slice.more(done)) {
    [[maybe_unused]] const SessionFor<S> session(*object);
    for (unsigned i = 0; i < Work::kPairs; ++i) {
      failed += work.pair(object);
    }
    done = Work::kPairs;
  }
}

template <class S, class Work>
using AddedSlice = void (*)(S*, Work, Slice&, std::uint64_t&);

template <class S, class Work>
inline constexpr std::array<AddedSlice<S, Work>, kAddedCopies> kAddedSlices = {
    &added_slice<S, Work, 0>, &added_slice<S, Work, 1>};

}  // namespace getput::bench::pairs
