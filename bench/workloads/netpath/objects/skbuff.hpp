// SPDX-License-Identifier: MIT
// The packet head and the per-core cache it comes from.
//
// What: as in the kernel, a head of a few cache lines that refers to the frame, and a LIFO cache of
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
#include "bench/workloads/netpath/input/rx_ring.hpp"
#include "bench/workloads/netpath/objects/ticket_space.hpp"
#include "modules/plugin_abi.h"

namespace getput::bench::netpath {

struct PollTicket;
struct CoreQueue;

/// The sk_buff. Used by one core at a time; only the counts are shared, between clones.
///
/// Its own references need no atomic operation while there is one user, as in the kernel: `users`
/// (of this head), `dataref` (heads that use the frame), and the frame's own
/// (RxSlot::in_use, the page of a page pool). What else it holds is given back when it is freed,
/// wherever that happens: the route (`dst`), and the module references of the level.
struct alignas(64) SkBuff {
  // line 0: queue, owner, and what freeing needs, the module reference of the packet included: on a
  // line of its own it would cost a miss that no kernel with a pointer in its sk_buff pays
  SkBuff* next = nullptr;
  const RxSlot* slot = nullptr;  ///< the frame's buffer
  SkBuff* original = nullptr;    ///< set in a clone: whose frame this one shares
  std::uintptr_t dst = 0;        ///< ObjectCount* of the route; bit 0 set: not counted (noref)
  std::atomic<std::uint32_t> users{1};
  std::atomic<std::uint32_t> dataref{0};
  TicketRoom<24> small_ticket;
  // line 1: what the driver and the transports see
  alignas(64) getput_packet packet{};
  // line 2: what the parser found (the kernel keeps it in cb[])
  alignas(64) Packet parsed;
  std::uint32_t truesize = 0;  ///< what it costs a socket's budget: head and frame buffer
  bool keeps_ticket = false;  ///< PacketRefs::recycled: the ticket stays while the head is recycled
  // line 3: touched only where the use of a route is charged until the packet is freed
  alignas(64) TicketSpace dst_ticket;
  PollTicket* poll = nullptr;  ///< PacketRefs::poll: what holds the reference
  CoreQueue* queue = nullptr;  ///< PacketRefs::queue and split: whose count
  // line 4: touched only by the schemes whose tickets do not fit into line 0
  alignas(64) TicketSpace large_ticket;

  /// Where the module reference of the packet is kept.
  template <class Ticket>
  auto& ticket() noexcept {
    if constexpr (sizeof(Ticket) <= sizeof(small_ticket))
      return small_ticket;
    else
      return large_ticket;
  }
};
static_assert(sizeof(SkBuff) == 320 && offsetof(SkBuff, packet) == 64);

/// One core's heads. Not shared.
class HeadCache {
 public:
  HeadCache() = default;
  ~HeadCache();
  HeadCache(const HeadCache&) = delete;
  HeadCache& operator=(const HeadCache&) = delete;

  /// A head for the frame in @p slot, or null without memory.
  [[gnu::always_inline]] SkBuff* allocate(const RxSlot& slot) noexcept {
    SkBuff* skb = take();
    if (skb == nullptr) [[unlikely]]
      return nullptr;
    skb->next = nullptr;
    skb->slot = &slot;
    skb->original = nullptr;
    skb->dst = 0;
    skb->users.store(1, std::memory_order_relaxed);
    skb->dataref.store(1, std::memory_order_relaxed);
    return skb;
  }

  /// A second head for the frame of @p from, or null without memory.
  SkBuff* clone(SkBuff& from) noexcept {
    SkBuff* skb = take();
    if (skb == nullptr) [[unlikely]]
      return nullptr;
    SkBuff* original = from.original == nullptr ? &from : from.original;
    original->dataref.fetch_add(1, std::memory_order_relaxed);
    skb->next = nullptr;
    skb->slot = from.slot;
    skb->original = original;
    skb->dst = 0;
    skb->users.store(1, std::memory_order_relaxed);
    skb->dataref.store(0, std::memory_order_relaxed);
    skb->packet = from.packet;
    skb->parsed = from.parsed;
    skb->truesize = from.truesize;
    return skb;
  }

  /// Gives a head back that has no user any more. The original of clones is reused, and the frame's
  /// buffer free, once no clone needs them.
  [[gnu::always_inline]] void release(SkBuff* skb) noexcept {
    SkBuff* original = skb->original;
    if (original != nullptr) [[unlikely]] {
      give(skb);
      skb = original;
    }
    // The only head cannot be cloned meanwhile, so no atomic is needed (the kernel's dataref == 1).
    if (skb->dataref.load(std::memory_order_acquire) == 1 ||
        skb->dataref.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      skb->slot->in_use.store(false, std::memory_order_release);
      give(skb);
    }
  }

  /// Heads handed out minus heads given back; over all cores 0 when nothing is in flight.
  std::int64_t balance() const noexcept { return balance_; }
  /// Calls @p visit on every head in the cache.
  template <class Visit>
  void for_each(Visit visit) {
    for (std::size_t i = 0; i < count_; ++i) visit(*heads_[i]);
  }
  /// How often the allocator behind the cache was asked, for the results.
  std::uint64_t refills() const noexcept { return refills_; }
  std::uint64_t flushes() const noexcept { return flushes_; }

 private:
  static constexpr std::size_t kSize = 256;
  static constexpr std::size_t kRefill = 16;
  static constexpr std::size_t kFlush = kSize / 2;

  [[gnu::always_inline]] SkBuff* take() noexcept {
    if (count_ == 0 && !refill()) [[unlikely]]
      return nullptr;
    ++balance_;
    return heads_[--count_];
  }
  [[gnu::always_inline]] void give(SkBuff* skb) noexcept {
    if (count_ == kSize) [[unlikely]]
      flush();
    --balance_;
    heads_[count_++] = skb;
  }
  [[gnu::noinline]] bool refill() noexcept;
  [[gnu::noinline]] void flush() noexcept;

  std::size_t count_ = 0;
  std::int64_t balance_ = 0;
  std::uint64_t refills_ = 0;
  std::uint64_t flushes_ = 0;
  std::array<SkBuff*, kSize> heads_{};
};

}  // namespace getput::bench::netpath
