// SPDX-License-Identifier: MIT
// The timed inner loop of a pair: one shape for every scheme and for the plain control, so that
// what differs between two results is the scheme.
//
// The object is reached by a pointer the compiler cannot see through (opaque(), line.hpp), as a
// module is reached from the code that calls into it. Between get and put stands the same opaque
// step: the call through the module's function pointer, without the call. The hold time, if any, is
// a loop that touches no memory and never pauses.
//
// A scheme with a Session (scheme.hpp) has one open for a batch: the caller who works through a
// batch of packets holds the queue's lock, or is online, anyway. Beginning and end of the session
// are timed, a 256th of them with each pair.
#pragma once

#include <cstdint>

#include "bench/engine/line.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench {

/// Operations between two looks at the burst's phase.
inline constexpr unsigned kBatch = 256;
/// Pairs in the body of the loop; kBatch is a multiple.
inline constexpr unsigned kUnroll = 4;
static_assert(kBatch % kUnroll == 0);

/// `loops` rounds of a dependent decrement in a register, about one cycle each; see HoldLoops. The
/// loop is aligned: where its branch lies across two cache lines, a round takes longer, and a hold
/// would differ between schemes.
[[gnu::always_inline]] inline void hold(std::uint64_t loops) noexcept {
  if (loops == 0) {
    return;
  }
#if defined(__x86_64__)
  asm volatile(".p2align 4\n1:\n\tsub $1, %0\n\tjne 1b" : "+r"(loops) : : "cc");
#elif defined(__aarch64__)
  asm volatile(".p2align 4\n1:\n\tsubs %0, %0, #1\n\tb.ne 1b" : "+r"(loops) : : "cc");
#else
  for (; loops != 0; --loops) {
    asm volatile("" : "+r"(loops));
  }
#endif
}

/// One pair; returns 1 when try_get was refused.
template <bool Holds, class S>
[[gnu::always_inline]] inline std::uint64_t one_pair(S* object, std::uint64_t hold_loops) noexcept {
  object = opaque(object);
  auto ticket = object->try_get();
  if (!ticket) [[unlikely]] {
    return 1;
  }
  object = opaque(object);
  if constexpr (Holds) {
    hold(hold_loops);
  }
  object->put(ticket);
  return 0;
}

/// One pair of somebody who holds a reference already.
template <class S>
[[gnu::always_inline]] inline void holder_pair(S* object, const typename S::Ticket& held) noexcept {
  object = opaque(object);
  auto ticket = object->get(held);
  object = opaque(object);
  object->put(ticket);
}

/// kBatch pairs on one object, in a session if the scheme has them; returns how many gets were
/// refused.
template <bool Holds, class S>
[[gnu::always_inline]] inline std::uint64_t pair_batch(S* object,
                                                       std::uint64_t hold_loops) noexcept {
  [[maybe_unused]] const SessionFor<S> session(*object);
  std::uint64_t failed = 0;
  for (unsigned i = 0; i < kBatch / kUnroll; ++i) {
    failed += one_pair<Holds>(object, hold_loops);
    failed += one_pair<Holds>(object, hold_loops);
    failed += one_pair<Holds>(object, hold_loops);
    failed += one_pair<Holds>(object, hold_loops);
  }
  return failed;
}

/// Turns a hold time into rounds of hold(). Calibrated once in a process, at its first use, on the
/// CPU it happens to run on; what a hold then takes is measured in every trial that has one.
class HoldLoops {
 public:
  static std::uint64_t for_ns(double nanoseconds);
  /// Rounds of hold() in one nanosecond.
  static double per_ns();
  /// What `loops` rounds take on the calling thread now, in nanoseconds (the best of a few tries).
  static double measured_ns(std::uint64_t loops);
};

}  // namespace getput::bench
