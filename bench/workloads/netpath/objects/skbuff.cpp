// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/skbuff.hpp"

#include <memory>
#include <new>

// A sanitizer's own allocator serves the heads in its build: it sees a use after free, and the
// order between a free and the next allocation. (Such a build refuses to write results.)
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GETPUT_NETPATH_CHECKED_HEADS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GETPUT_NETPATH_CHECKED_HEADS 1
#endif
#endif
#if !defined(GETPUT_NETPATH_CHECKED_HEADS)
#include <jemalloc/jemalloc.h>
#endif

namespace getput::bench::netpath {
namespace {

#if defined(GETPUT_NETPATH_CHECKED_HEADS)
void* allocate_head() noexcept {
  return ::operator new (sizeof(SkBuff), std::align_val_t{alignof(SkBuff)}, std::nothrow);
}
void free_head(void* head) noexcept {
  ::operator delete (head, std::align_val_t{alignof(SkBuff)});
}
#else
void* allocate_head() noexcept {
  return mallocx(sizeof(SkBuff), MALLOCX_ALIGN(alignof(SkBuff)));
}
void free_head(void* head) noexcept {
  sdallocx(head, sizeof(SkBuff), MALLOCX_ALIGN(alignof(SkBuff)));
}
#endif

}  // namespace

bool HeadCache::refill() noexcept {
  ++refills_;
  while (count_ < kRefill) {
    void* head = allocate_head();
    if (head == nullptr)
      break;
    heads_[count_++] = new (head) SkBuff;
  }
  return count_ != 0;
}

void HeadCache::flush() noexcept {
  ++flushes_;
  for (std::size_t i = 0; i < kFlush; ++i) {
    SkBuff* head = heads_[--count_];
    std::destroy_at(head);
    free_head(head);
  }
}

HeadCache::~HeadCache() {
  while (count_ != 0) {
    SkBuff* head = heads_[--count_];
    std::destroy_at(head);
    free_head(head);
  }
}

}  // namespace getput::bench::netpath
