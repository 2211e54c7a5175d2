// SPDX-License-Identifier: MIT
// The one place that tells sanitizers what they cannot see. ThreadSanitizer: ordering of counters
// that inline assembly writes, and edges made by membarrier(2). LeakSanitizer: pointers in memory
// that mmap() returned. Nothing here costs anything without a sanitizer.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_THREAD__)
#define GETPUT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define GETPUT_TSAN 1
#endif
#endif

#if defined(GETPUT_TSAN)
extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);
#endif

// Weak: LeakSanitizer may come with the program and not with this unit.
extern "C" [[gnu::weak]] void __lsan_register_root_region(const void* begin, std::size_t bytes);

namespace getput::machine {

/// Memory that is reachable for ever, and may hold the only pointers to other memory.
inline void annotate_root(const void* begin, std::size_t bytes) noexcept {
  if (__lsan_register_root_region != nullptr)
    __lsan_register_root_region(begin, bytes);
}

/// The calling thread's earlier accesses happen before a later annotate_acquire(@p address).
inline void annotate_release([[maybe_unused]] void* address) noexcept {
#if defined(GETPUT_TSAN)
  __tsan_release(address);
#endif
}

/// Pairs with annotate_release() on the same @p address.
inline void annotate_acquire([[maybe_unused]] void* address) noexcept {
#if defined(GETPUT_TSAN)
  __tsan_acquire(address);
#endif
}

}  // namespace getput::machine
