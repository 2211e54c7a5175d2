// SPDX-License-Identifier: MIT
// The one place that tells ThreadSanitizer about ordering it cannot see: counters written by inline
// assembly, and edges made by membarrier(2). Everything here is empty without -fsanitize=thread.
#pragma once

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

namespace getput::machine {

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
