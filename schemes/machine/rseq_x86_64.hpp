// SPDX-License-Identifier: MIT
// rseq critical sections for x86-64. Reached through rseq.hpp.
//
// Layout of struct rseq (uapi): cpu_id at 4, rseq_cs at 8. Thread pointer: %fs.
// Each section: publish its descriptor in rseq_cs, then from label 1 to label 2 read the CPU
// number and commit with one add. An interrupted section resumes at label 4, which the kernel
// accepts only behind the signature (an undefined instruction that nobody executes).
//
// The commit addresses its word by a base register and a constant, without an index. Intel cores
// since Golden Cove forward a store to a later load of the same base register by its name; an
// index register defeats that, and the pair waits for the store buffer (decision 44).
//
// Each instruction is written in both dialects, {AT&T|Intel}, for code built with -masm=intel.
#pragma once

#include "rseq_abi.hpp"

#if defined(GETPUT_LIBC_RSEQ) && defined(__x86_64__)

namespace getput::machine::rseq_arch {

inline constexpr bool kSupported = true;

// "?" keeps descriptor and abort code in the group of the function that uses them: the linker
// drops them together with duplicate copies of a template.
#define GETPUT_RSEQ_BEGIN                                             \
  ".pushsection __rseq_cs, \"aw?\"\n"                                 \
  ".balign 32\n"                                                      \
  "3: .long 0, 0\n"                                                   \
  ".quad 1f, 2f - 1f, 4f\n"                                           \
  ".popsection\n"                                                     \
  ".pushsection __rseq_failure, \"ax?\"\n"                            \
  ".byte 0x0f, 0xb9, 0x3d\n"                                          \
  ".long %c[signature]\n"                                             \
  "4: jmp %l[again]\n"                                                \
  ".popsection\n"                                                     \
  "{leaq 3b(%%rip), %%rax|lea rax, 3b[rip]}\n"                        \
  "{movq %%rax, %%fs:8(%[area])|mov QWORD PTR fs:[%[area]+8], rax}\n" \
  "1:\n"

// If a bit of mask is set in the guard: leaves, with nothing changed.
#define GETPUT_RSEQ_UNLESS_CLEAR                                 \
  "{testl %[mask], %[guard]|test DWORD PTR %[guard], %[mask]}\n" \
  "jnz %l[refused]\n"

// rax = distance of this CPU's copy of every word.
#define GETPUT_RSEQ_DISTANCE                                          \
  "{movl %%fs:4(%[area]), %%eax|mov eax, DWORD PTR fs:[%[area]+4]}\n" \
  "{imulq %[stride], %%rax, %%rax|imul rax, rax, %[stride]}\n"

// From here to the commit.
#define GETPUT_RSEQ_COMMIT                                                        \
  GETPUT_RSEQ_DISTANCE                                                            \
  "{addq %[first], %%rax|add rax, %[first]}\n"                                    \
  "{addq %[delta], %c[offset](%%rax)|add QWORD PTR [rax+%c[offset]], %[delta]}\n" \
  "2:\n"

/// Adds @p delta to this CPU's word at @p first + Offset if no bit of @p mask is set in *@p guard;
/// test and add are one section. Returns false, having changed nothing, if a bit was set.
template <std::ptrdiff_t Offset>
inline bool add_if_clear(const void* guard, std::uint32_t mask, char* first,
                         std::int64_t delta) noexcept {
again:
  asm goto(GETPUT_RSEQ_BEGIN GETPUT_RSEQ_UNLESS_CLEAR GETPUT_RSEQ_COMMIT
           :
           : [area] "r"(__rseq_offset), [guard] "m"(*static_cast<const std::uint32_t*>(guard)),
             [mask] "ir"(mask), [first] "r"(first), [delta] "er"(delta), [stride] "i"(kCpuStride),
             [offset] "i"(Offset), [signature] "i"(RSEQ_SIG)
           : "rax", "cc", "memory"
           : again, refused);
  return true;
refused:
  return false;
}

/// As add_if_clear(), and only if the word stays within 0 .. @p limit.
template <std::ptrdiff_t Offset>
inline bool add_within(const void* guard, std::uint32_t mask, char* first, std::int64_t delta,
                       std::int64_t limit) noexcept {
again:
  asm goto(GETPUT_RSEQ_BEGIN GETPUT_RSEQ_UNLESS_CLEAR GETPUT_RSEQ_DISTANCE
           "{addq %[first], %%rax|add rax, %[first]}\n"
           "{movq %c[offset](%%rax), %%rcx|mov rcx, QWORD PTR [rax+%c[offset]]}\n"
           "{addq %[delta], %%rcx|add rcx, %[delta]}\n"
           "{cmpq %[limit], %%rcx|cmp rcx, %[limit]}\n"
           "ja %l[refused]\n"  // unsigned: below zero is far above the limit
           "{movq %%rcx, %c[offset](%%rax)|mov QWORD PTR [rax+%c[offset]], rcx}\n"
           "2:\n"
           :
           : [area] "r"(__rseq_offset), [guard] "m"(*static_cast<const std::uint32_t*>(guard)),
             [mask] "ir"(mask), [first] "r"(first), [delta] "er"(delta), [limit] "er"(limit),
             [stride] "i"(kCpuStride), [offset] "i"(Offset), [signature] "i"(RSEQ_SIG)
           : "rax", "rcx", "cc", "memory"
           : again, refused);
  return true;
refused:
  return false;
}

/// What a section that counts in a cache found.
enum class Found : std::uint8_t { added, refused, missed };

/// One section: refused if a bit of @p mask is set in *@p guard; missed if this CPU's word at
/// @p closed is not 0 or its word at @p slot is not @p owner; else adds @p delta to the word behind
/// it. The pointers are to CPU 0's copies.
inline Found add_if_owner(const void* guard, std::uint32_t mask, char* closed, char* slot,
                          std::int64_t owner, std::int64_t delta) noexcept {
again:
  asm goto(GETPUT_RSEQ_BEGIN GETPUT_RSEQ_UNLESS_CLEAR GETPUT_RSEQ_DISTANCE
           "{cmpq $0, (%[closed],%%rax)|cmp QWORD PTR [%[closed]+rax], 0}\n"
           "jne %l[missed]\n"
           "{addq %[slot], %%rax|add rax, %[slot]}\n"
           "{cmpq %[owner], (%%rax)|cmp QWORD PTR [rax], %[owner]}\n"
           "jne %l[missed]\n"
           "{addq %[delta], 8(%%rax)|add QWORD PTR [rax+8], %[delta]}\n"
           "2:\n"
           :
           : [area] "r"(__rseq_offset), [guard] "m"(*static_cast<const std::uint32_t*>(guard)),
             [mask] "ir"(mask), [closed] "r"(closed), [slot] "r"(slot), [owner] "r"(owner),
             [delta] "er"(delta), [stride] "i"(kCpuStride), [signature] "i"(RSEQ_SIG)
           : "rax", "cc", "memory"
           : again, refused, missed);
  return Found::added;
refused:
  return Found::refused;
missed:
  return Found::missed;
}

/// One section: on CPU @p cpu, with @p owner and @p delta in the two words at @p slot (this CPU's
/// copy), stores @p value in word Word of them. False if the CPU or a word is another.
template <unsigned Word>
inline bool store_if_pair(unsigned cpu, char* slot, std::int64_t owner, std::int64_t delta,
                          std::int64_t value) noexcept {
again:
  asm goto(
      GETPUT_RSEQ_BEGIN
      "{cmpl %[cpu], %%fs:4(%[area])|cmp DWORD PTR fs:[%[area]+4], %[cpu]}\n"
      "jne %l[other]\n"
      "{cmpq %[owner], (%[slot])|cmp QWORD PTR [%[slot]], %[owner]}\n"
      "jne %l[other]\n"
      "{cmpq %[delta], 8(%[slot])|cmp QWORD PTR [%[slot]+8], %[delta]}\n"
      "jne %l[other]\n"
      "{movq %[value], %c[offset](%[slot])|mov QWORD PTR [%[slot]+%c[offset]], %[value]}\n"
      "2:\n"
      :
      : [area] "r"(__rseq_offset), [cpu] "r"(cpu), [slot] "r"(slot), [owner] "r"(owner),
        [delta] "r"(delta), [value] "r"(value), [offset] "i"(Word * 8), [signature] "i"(RSEQ_SIG)
      : "rax", "cc", "memory"
      : again, other);
  return true;
other:
  return false;
}

/// Adds @p delta to this CPU's word at @p first + Offset. Earlier accesses of this thread are
/// ordered before the store (x86 stores are not reordered with earlier accesses).
template <std::ptrdiff_t Offset>
inline void add(char* first, std::int64_t delta) noexcept {
again:
  asm goto(GETPUT_RSEQ_BEGIN GETPUT_RSEQ_COMMIT
           :
           : [area] "r"(__rseq_offset), [first] "r"(first), [delta] "er"(delta),
             [stride] "i"(kCpuStride), [offset] "i"(Offset), [signature] "i"(RSEQ_SIG)
           : "rax", "cc", "memory"
           : again);
}

/// The CPU this thread runs on: a hint, out of date as soon as it is read.
inline std::uint32_t current_cpu() noexcept {
  std::uint32_t cpu;
  asm volatile("{movl %%fs:4(%[area]), %[cpu]|mov %[cpu], DWORD PTR fs:[%[area]+4]}"
               : [cpu] "=r"(cpu)
               : [area] "r"(__rseq_offset));
  return cpu;
}

/// One section: if no bit of @p mask is set in *@p guard and this CPU's copy of the word at
/// @p first is 0, stores @p value there and returns the copy's address; else returns null. The CPU
/// is read twice: before the section to find the copy, and in it to see that it is still the one.
inline char* store_if_empty(const void* guard, std::uint32_t mask, char* first,
                            std::int64_t value) noexcept {
  char* slot;
again:
  const std::size_t cpu = current_cpu();
  slot = first + cpu * kCpuStride;
  asm goto(GETPUT_RSEQ_BEGIN
           "{cmpl %k[cpu], %%fs:4(%[area])|cmp DWORD PTR fs:[%[area]+4], %k[cpu]}\n"
           "jne %l[again]\n" GETPUT_RSEQ_UNLESS_CLEAR
           "{cmpq $0, (%[slot])|cmp QWORD PTR [%[slot]], 0}\n"
           "jne %l[refused]\n"
           "{movq %[value], (%[slot])|mov QWORD PTR [%[slot]], %[value]}\n"
           "2:\n"
           :
           : [area] "r"(__rseq_offset), [guard] "m"(*static_cast<const std::uint32_t*>(guard)),
             [mask] "ir"(mask), [cpu] "r"(cpu), [slot] "r"(slot), [value] "r"(value),
             [signature] "i"(RSEQ_SIG)
           : "rax", "cc", "memory"
           : again, refused);
  if (slot == nullptr)
    __builtin_unreachable();  // so that callers need not test it once more
  return slot;
refused:
  return nullptr;
}

#undef GETPUT_RSEQ_BEGIN
#undef GETPUT_RSEQ_UNLESS_CLEAR
#undef GETPUT_RSEQ_DISTANCE
#undef GETPUT_RSEQ_COMMIT

}  // namespace getput::machine::rseq_arch

#endif
