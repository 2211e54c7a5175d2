// SPDX-License-Identifier: MIT
// Cells with a hold time: what a pair adds to the time for which its reference is held.
//
// A pair that is held for 100 ns takes 100 ns and something, and that something is the result. It
// is measured as a difference in time slices: the subject is the loop with the scheme, the baseline
// the same loop with `none`, which holds just as long.
#pragma once

#include <array>
#include <cstdint>

#include "bench/engine/pair_batch.hpp"
#include "bench/engine/slices.hpp"
#include "schemes/control/none.hpp"

namespace getput::bench::pairs {

inline constexpr unsigned kHeldCopies = 2;
/// Pairs between two readings of the clock: few, because each takes as long as it is held.
inline constexpr unsigned kHeldBatch = 32;
inline constexpr const char* kHeldBaseline = "hold";

/// One slice of pairs on one object; adds refused gets to @p failed. @p Copy shifts the code.
template <class S, unsigned Copy>
[[gnu::noinline]] void held_slice(S* object, std::uint64_t hold_loops, Slice& slice,
                                  std::uint64_t& failed) {
  asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(Copy * 16));
  std::uint64_t done = 0;
  while (slice.more(done)) {
    [[maybe_unused]] const SessionFor<S> session(*object);
    for (unsigned i = 0; i < kHeldBatch; ++i) {
      failed += one_pair<true>(object, hold_loops);
    }
    done = kHeldBatch;
  }
}

template <class S>
using HeldSlice = void (*)(S*, std::uint64_t, Slice&, std::uint64_t&);

template <class S>
inline constexpr std::array<HeldSlice<S>, kHeldCopies> kHeldSlices = {&held_slice<S, 0>,
                                                                      &held_slice<S, 1>};

}  // namespace getput::bench::pairs
