// SPDX-License-Identifier: MIT
// What the rseq sections of every architecture need: libc's registration, and where a CPU's words
// are.
#pragma once

#include <cstddef>
#include <cstdint>

#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define GETPUT_LIBC_RSEQ 1
#endif

namespace getput::machine {

/// Bytes of memory for each CPU in one mapping of per-CPU words.
inline constexpr std::size_t kCpuUnitBytes = std::size_t{512} << 10;

/// Bytes from one CPU's copy of a per-CPU word to the next CPU's. A constant, so that a section
/// finds its word with one multiplication; a cache line more than the unit, so that the copies of
/// one word do not all fall into one cache set.
inline constexpr std::size_t kCpuStride = kCpuUnitBytes + 64;

}  // namespace getput::machine
