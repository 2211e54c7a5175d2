// SPDX-License-Identifier: MIT
// The packet head and the per-core cache it comes from.
//
// What: as in the kernel, a head of three cache lines that refers to the frame, and a LIFO cache of
// heads per core, refilled 16 at a time and flushed by half (napi_alloc_cache). Behind it stands
// jemalloc as the kernel's slab. The kernel's cache has 64 heads; this one has 256, more than a
// batch, its clones and the transmit ring hold together, so that in the steady state no head goes
// to the allocator.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "bench/workloads/netpath/input/packet.hpp"
#include "bench/workloads/netpath/objects/ticket_space.hpp"
#include "modules/plugin_abi.h"

namespace getput::bench::netpath {

/// The sk_buff. Used by one core at a time; only `references` is shared, between clones.
struct alignas(64) SkBuff {
  // line 0: queue, owner, and what freeing needs, the module reference of levels 6 and 7 included:
  // on a line of its own it would cost a miss that no kernel with a pointer in its sk_buff pays
  SkBuff* next = nullptr;
  std::uint8_t* frame = nullptr;  ///< the bytes at packet.data, where forwarding may write
  SkBuff* original = nullptr;     ///< set in a clone: whose frame this one shares
  std::uint32_t truesize = 0;     ///< what it costs a socket's budget: head and frame buffer
  /// Heads that use the frame: itself and its clones (the kernel's dataref).
  std::atomic<std::uint32_t> references{0};
  TicketSpace ticket;
  // line 1: what the driver and the transports see
  alignas(64) getput_packet packet{};
  // line 2: what the parser found (the kernel keeps it in cb[])
  alignas(64) Packet parsed;
};
static_assert(sizeof(SkBuff) == 192);

/// One core's heads. Not shared.
class HeadCache {
 public:
  HeadCache() = default;
  ~HeadCache();
  HeadCache(const HeadCache&) = delete;
  HeadCache& operator=(const HeadCache&) = delete;

  /// A head for a frame of @p size bytes at @p frame, or null without memory.
  SkBuff* allocate(std::uint8_t* frame, std::uint32_t size) noexcept {
    SkBuff* skb = take();
    if (skb == nullptr) [[unlikely]]
      return nullptr;
    skb->next = nullptr;
    skb->frame = frame;
    skb->original = nullptr;
    skb->truesize = static_cast<std::uint32_t>(sizeof(SkBuff)) + size;
    skb->references.store(1, std::memory_order_relaxed);
    return skb;
  }

  /// A second head for the frame of @p from, or null without memory.
  SkBuff* clone(SkBuff& from) noexcept {
    SkBuff* skb = take();
    if (skb == nullptr) [[unlikely]]
      return nullptr;
    SkBuff* original = from.original == nullptr ? &from : from.original;
    original->references.fetch_add(1, std::memory_order_relaxed);
    skb->next = nullptr;
    skb->frame = from.frame;
    skb->original = original;
    skb->truesize = from.truesize;
    skb->references.store(0, std::memory_order_relaxed);
    skb->packet = from.packet;
    skb->parsed = from.parsed;
    return skb;
  }

  /// Gives a head back; it is reused once neither it nor a clone needs it.
  void release(SkBuff* skb) noexcept {
    SkBuff* original = skb->original;
    if (original != nullptr) {
      give(skb);
      skb = original;
    }
    // Alone: nobody else can take a reference, so no atomic is needed (the kernel's dataref == 1).
    if (skb->references.load(std::memory_order_acquire) == 1 ||
        skb->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      give(skb);
  }

  /// Heads handed out minus heads given back; over all cores 0 when nothing is in flight.
  std::int64_t balance() const noexcept { return balance_; }
  /// How often the allocator behind the cache was asked, for the results.
  std::uint64_t refills() const noexcept { return refills_; }
  std::uint64_t flushes() const noexcept { return flushes_; }

 private:
  static constexpr std::size_t kSize = 256;
  static constexpr std::size_t kRefill = 16;
  static constexpr std::size_t kFlush = kSize / 2;

  SkBuff* take() noexcept {
    if (count_ == 0 && !refill()) [[unlikely]]
      return nullptr;
    ++balance_;
    return heads_[--count_];
  }
  void give(SkBuff* skb) noexcept {
    if (count_ == kSize) [[unlikely]]
      flush();
    --balance_;
    heads_[count_++] = skb;
  }
  bool refill() noexcept;
  void flush() noexcept;

  std::size_t count_ = 0;
  std::int64_t balance_ = 0;
  std::uint64_t refills_ = 0;
  std::uint64_t flushes_ = 0;
  std::array<SkBuff*, kSize> heads_{};
};

}  // namespace getput::bench::netpath
