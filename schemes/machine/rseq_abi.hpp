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

/// Bytes from one CPU's copy of a per-CPU word to the next CPU's. A constant, so that a section
/// finds its word with one multiplication; 64 MiB of address space a CPU plus one cache line, so
/// that the copies of one word do not all fall into one cache set.
inline constexpr std::size_t kCpuRegionBytes = std::size_t{64} << 20;
inline constexpr std::size_t kCpuStride = kCpuRegionBytes + 64;

}  // namespace getput::machine
