// SPDX-License-Identifier: MIT
// No restartable sequences on this architecture or libc. Nothing here is reached: a scheme that
// needs rseq refuses to be constructed (Native::require).
#pragma once

#include "rseq_abi.hpp"

#if !defined(GETPUT_LIBC_RSEQ) || !(defined(__x86_64__) || defined(__aarch64__))

namespace getput::machine::rseq_arch {

inline constexpr bool kSupported = false;

template <std::ptrdiff_t Offset>
bool add_if_clear(const void*, std::uint32_t, char*, std::int64_t) noexcept {
  __builtin_trap();
}

template <std::ptrdiff_t Offset>
bool add_within(const void*, std::uint32_t, char*, std::int64_t, std::int64_t) noexcept {
  __builtin_trap();
}

enum class Found : std::uint8_t { added, refused, missed };

inline Found add_if_owner(const void*, std::uint32_t, char*, char*, std::int64_t,
                          std::int64_t) noexcept {
  __builtin_trap();
}

template <unsigned Word>
bool store_if_pair(unsigned, char*, std::int64_t, std::int64_t, std::int64_t) noexcept {
  __builtin_trap();
}

inline char* store_if_empty(const void*, std::uint32_t, char*, std::int64_t) noexcept {
  __builtin_trap();
}

template <std::ptrdiff_t Offset>
void add(char*, std::int64_t) noexcept {
  __builtin_trap();
}

inline std::uint32_t current_cpu() noexcept {
  __builtin_trap();
}

}  // namespace getput::machine::rseq_arch

#endif
