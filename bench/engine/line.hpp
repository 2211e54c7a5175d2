// SPDX-License-Identifier: MIT
// Keeping data of different threads apart, and keeping the optimiser from looking through a
// pointer.
#pragma once

#include <cstddef>

namespace getput::bench {

/// Two lines of 64 bytes: neighbours are fetched in pairs by the prefetcher of current x86 cores.
inline constexpr std::size_t kLine = 128;

/// A value on lines of its own.
template <class T>
struct alignas(kLine) Padded {
  T value{};
};

/// The same pointer, but the compiler forgets where it came from and what memory holds; no
/// instruction. It stands where a real caller would call through a function pointer.
template <class T>
[[gnu::always_inline]] inline T* opaque(T* pointer) noexcept {
  asm volatile("" : "+r"(pointer) : : "memory");
  return pointer;
}

}  // namespace getput::bench
