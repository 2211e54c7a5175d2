// SPDX-License-Identifier: MIT
// rseq critical sections for aarch64. Reached through rseq.hpp.
//
// Layout of struct rseq (uapi): cpu_id at 4, rseq_cs at 8. Thread pointer: tpidr_el0, read anew for
// each section, because a fibre may resume on another thread (thread_pointer()).
// The commit is a store-release: what the holder did before a put is ordered before the put.
#pragma once

#include "local_add.hpp"
#include "rseq_abi.hpp"

#if defined(GETPUT_LIBC_RSEQ) && defined(__aarch64__)

namespace getput::machine::rseq_arch {

inline constexpr bool kSupported = true;

inline char* area() noexcept {
  return thread_pointer() + __rseq_offset;
}

#define GETPUT_RSEQ_BEGIN                  \
  ".pushsection __rseq_cs, \"aw?\"\n"      \
  ".balign 32\n"                           \
  "3: .long 0, 0\n"                        \
  ".quad 1f, 2f - 1f, 4f\n"                \
  ".popsection\n"                          \
  ".pushsection __rseq_failure, \"ax?\"\n" \
  ".inst %c[signature]\n"                  \
  "4: b %l[again]\n"                       \
  ".popsection\n"                          \
  "adrp x9, 3b\n"                          \
  "add x9, x9, :lo12:3b\n"                 \
  "str x9, [%[area], #8]\n"                \
  "1:\n"

#define GETPUT_RSEQ_COMMIT            \
  "ldr w9, [%[area], #4]\n"           \
  "madd x9, x9, %[stride], %[word]\n" \
  "ldr x10, [x9]\n"                   \
  "add x10, x10, %[delta]\n"          \
  "stlr x10, [x9]\n"                  \
  "2:\n"

/// As rseq_x86_64.hpp.
template <std::ptrdiff_t Offset>
inline bool add_if_clear(const void* guard, std::uint32_t mask, char* first,
                         std::int64_t delta) noexcept {
again:
  asm goto(GETPUT_RSEQ_BEGIN
           "ldar w9, [%[guard]]\n"
           "tst w9, %w[mask]\n"
           "b.ne %l[refused]\n" GETPUT_RSEQ_COMMIT
           :
           : [area] "r"(area()), [guard] "r"(guard), [mask] "r"(mask), [word] "r"(first + Offset),
             [delta] "r"(delta), [stride] "r"(kCpuStride), [signature] "i"(RSEQ_SIG)
           : "x9", "x10", "cc", "memory"
           : again, refused);
  return true;
refused:
  return false;
}

/// As rseq_x86_64.hpp.
template <std::ptrdiff_t Offset>
inline bool add_within(const void* guard, std::uint32_t mask, char* first, std::int64_t delta,
                       std::int64_t limit) noexcept {
again:
  asm goto(
      GETPUT_RSEQ_BEGIN
      "ldar w9, [%[guard]]\n"
      "tst w9, %w[mask]\n"
      "b.ne %l[refused]\n"
      "ldr w9, [%[area], #4]\n"
      "madd x9, x9, %[stride], %[word]\n"
      "ldr x10, [x9]\n"
      "add x10, x10, %[delta]\n"
      "cmp x10, %[limit]\n"
      "b.hi %l[refused]\n"  // unsigned: below zero is far above the limit
      "stlr x10, [x9]\n"
      "2:\n"
      :
      : [area] "r"(area()), [guard] "r"(guard), [mask] "r"(mask), [word] "r"(first + Offset),
        [delta] "r"(delta), [limit] "r"(limit), [stride] "r"(kCpuStride), [signature] "i"(RSEQ_SIG)
      : "x9", "x10", "cc", "memory"
      : again, refused);
  return true;
refused:
  return false;
}

/// As rseq_x86_64.hpp.
enum class Found : std::uint8_t { added, refused, missed };

/// As rseq_x86_64.hpp.
inline Found add_if_owner(const void* guard, std::uint32_t mask, char* closed, char* slot,
                          std::int64_t owner, std::int64_t delta) noexcept {
again:
  asm goto(GETPUT_RSEQ_BEGIN
           "ldar w9, [%[guard]]\n"
           "tst w9, %w[mask]\n"
           "b.ne %l[refused]\n"
           "ldr w9, [%[area], #4]\n"
           "madd x10, x9, %[stride], %[closed]\n"
           "ldar x10, [x10]\n"  // the collector's stores before it opened the table again
           "cbnz x10, %l[missed]\n"
           "madd x9, x9, %[stride], %[slot]\n"
           "ldr x10, [x9], #8\n"
           "cmp x10, %[owner]\n"
           "b.ne %l[missed]\n"
           "ldr x10, [x9]\n"
           "add x10, x10, %[delta]\n"
           "stlr x10, [x9]\n"
           "2:\n"
           :
           : [area] "r"(area()), [guard] "r"(guard), [mask] "r"(mask), [closed] "r"(closed),
             [slot] "r"(slot), [owner] "r"(owner), [delta] "r"(delta), [stride] "r"(kCpuStride),
             [signature] "i"(RSEQ_SIG)
           : "x9", "x10", "cc", "memory"
           : again, refused, missed);
  return Found::added;
refused:
  return Found::refused;
missed:
  return Found::missed;
}

/// As rseq_x86_64.hpp.
template <unsigned Word>
inline bool store_if_pair(unsigned cpu, char* slot, std::int64_t owner, std::int64_t delta,
                          std::int64_t value) noexcept {
again:
  asm goto(GETPUT_RSEQ_BEGIN
           "ldr w9, [%[area], #4]\n"
           "cmp w9, %w[cpu]\n"
           "b.ne %l[other]\n"
           "ldr x10, [%[slot]]\n"
           "cmp x10, %[owner]\n"
           "b.ne %l[other]\n"
           "ldr x10, [%[slot], #8]\n"
           "cmp x10, %[delta]\n"
           "b.ne %l[other]\n"
           "stlr %[value], [%[word]]\n"
           "2:\n"
           :
           : [area] "r"(area()), [cpu] "r"(cpu), [slot] "r"(slot), [word] "r"(slot + Word * 8),
             [owner] "r"(owner), [delta] "r"(delta), [value] "r"(value), [signature] "i"(RSEQ_SIG)
           : "x9", "x10", "cc", "memory"
           : again, other);
  return true;
other:
  return false;
}

/// As rseq_x86_64.hpp.
template <std::ptrdiff_t Offset>
inline void add(char* first, std::int64_t delta) noexcept {
again:
  asm goto(GETPUT_RSEQ_BEGIN GETPUT_RSEQ_COMMIT
           :
           : [area] "r"(area()), [word] "r"(first + Offset), [delta] "r"(delta),
             [stride] "r"(kCpuStride), [signature] "i"(RSEQ_SIG)
           : "x9", "x10", "cc", "memory"
           : again);
}

inline std::uint32_t current_cpu() noexcept {
  return *reinterpret_cast<const volatile std::uint32_t*>(area() + 4);
}

/// As rseq_x86_64.hpp. The slot is read with acquire: who filled it before has cleared it with
/// release, and whoever reads the new value is to see what happened before both.
inline char* store_if_empty(const void* guard, std::uint32_t mask, char* first,
                            std::int64_t value) noexcept {
  char* slot;
again:
  const std::size_t cpu = current_cpu();
  slot = first + cpu * kCpuStride;
  asm goto(GETPUT_RSEQ_BEGIN
           "ldr w9, [%[area], #4]\n"
           "cmp w9, %w[cpu]\n"
           "b.ne %l[again]\n"
           "ldar w9, [%[guard]]\n"
           "tst w9, %w[mask]\n"
           "b.ne %l[refused]\n"
           "ldar x9, [%[slot]]\n"
           "cbnz x9, %l[refused]\n"
           "stlr %[value], [%[slot]]\n"
           "2:\n"
           :
           : [area] "r"(area()), [guard] "r"(guard), [mask] "r"(mask), [cpu] "r"(cpu),
             [slot] "r"(slot), [value] "r"(value), [signature] "i"(RSEQ_SIG)
           : "x9", "cc", "memory"
           : again, refused);
  if (slot == nullptr)
    __builtin_unreachable();  // so that callers need not test it once more
  return slot;
refused:
  return nullptr;
}

#undef GETPUT_RSEQ_BEGIN
#undef GETPUT_RSEQ_COMMIT

}  // namespace getput::machine::rseq_arch

#endif
