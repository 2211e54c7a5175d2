// SPDX-License-Identifier: MIT
// Packets on their way to the core that frees them: what transmit completions and readers on
// another core do to a packet (the kernel's skb_attempt_defer_free). liburcu's wait-free
// concurrent queue: many cores put, one takes.
#pragma once

#include <memory>

namespace getput::bench::netpath {

struct SkBuff;

class FreeQueue {
 public:
  FreeQueue();
  ~FreeQueue();  // requires that it is empty
  FreeQueue(const FreeQueue&) = delete;
  FreeQueue& operator=(const FreeQueue&) = delete;

  /// Any core. What the caller did to the packet before happens before take() returns it.
  void put(SkBuff* skb) noexcept;
  /// The next packet in the order of their puts, or null; the owner only.
  SkBuff* take() noexcept;

 private:
  struct Queue;
  std::unique_ptr<Queue> queue_;
};

}  // namespace getput::bench::netpath
