// SPDX-License-Identifier: MIT
// A pair inside other work: a chain of dependent multiplications, executed under the reference.
//
// In a loop of back-to-back pairs each get waits for the store of the put before it, so the loop
// ranks the cheap schemes by how fast the core forwards a store to a load. A caller that has other
// work does not wait for that: an out-of-order core executes the pair beside the work, and the pair
// costs what it delays the work. The chain is such work. It takes its latency and nothing else,
// because each multiplication needs the product before it, and it continues from pair to pair. One
// multiplication occupies one execution unit in one cycle of three, so that the core has room for
// everything else.
//
// The chain is one volatile assembly statement on one register. The compiler can neither remove,
// shorten nor split it, and both arms execute the same instructions. It may copy the statement into
// branches, of which each pair takes one. On x86-64 the statement names
// rbx: with a free choice g++ copies the value to another register and back in some schemes' loops,
// and a core that does not eliminate moves needs two more cycles. Functions preserve rbx. One that
// a scheme calls may have to save and restore it, which lengthens the chain: a cost of the call.
#pragma once

#include <cstdint>

#include "bench/engine/line.hpp"

namespace getput::bench::pairs {

/// A multiplication of 64-bit registers takes 3 cycles on x86-64 cores since Nehalem and Zen (36
/// cycles for all), 2 to 4 on aarch64. What the chain takes is measured: it is the baseline.
inline constexpr unsigned kChainMultiplications = 12;

/// The next value of the chain.
[[gnu::always_inline]] inline void multiply_chain(std::uint64_t& value) noexcept {
#if defined(__x86_64__)
  asm volatile(".rept %c1\n\timul %0, %0\n\t.endr"
               : "+b"(value)
               : "i"(kChainMultiplications)
               : "cc");
#elif defined(__aarch64__)
  asm volatile(".rept %c1\n\tmul %0, %0, %0\n\t.endr" : "+r"(value) : "i"(kChainMultiplications));
#else
  for (unsigned i = 0; i < kChainMultiplications; ++i) {
    value *= value;
    asm volatile("" : "+r"(value));
  }
#endif
}

/// One pair with the chain between get and put; returns 1 when try_get was refused. The opaque
/// steps on both sides keep the memory accesses of get before the chain and those of put behind it.
template <class S>
[[gnu::always_inline]] inline std::uint64_t pair_inside_chain(S* object,
                                                              std::uint64_t& chain) noexcept {
  object = opaque(object);
  auto ticket = object->try_get();
  if (!ticket) [[unlikely]] {
    return 1;
  }
  object = opaque(object);
  multiply_chain(chain);
  object = opaque(object);
  object->put(ticket);
  return 0;
}

}  // namespace getput::bench::pairs
