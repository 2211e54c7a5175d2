// SPDX-License-Identifier: MIT
// What the packets and the objects of the path hold, and where it is given back.
//
// A packet carries its references in its sk_buff, as in the kernel: the core that frees it gives
// them back in kfree_skb(), be it the one that received it or another. Which module references
// there are is the level's Charge; the objects' own references are the era's (Objects). What a
// level does not charge is not in the code of its path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "bench/workloads/netpath/core.hpp"
#include "bench/workloads/netpath/hold.hpp"
#include "bench/workloads/netpath/level.hpp"
#include "bench/workloads/netpath/module_set.hpp"
#include "bench/workloads/netpath/object_schemes.hpp"
#include "bench/workloads/netpath/objects/network.hpp"
#include "bench/workloads/netpath/reference_counts.hpp"

namespace getput::bench::netpath {

template <class S, Charge C, class Objects, bool Counting>
class PathReferences {
 public:
  using Module = modules::Module<S>;
  using Ticket = modules::ModuleTicket<S>;

 protected:
  static constexpr bool kUses = C.use != UseRefs::none;
  static constexpr bool kPackets = C.packet == PacketRefs::each;
  using Use = Hold<S, kUses>;
  using DstTicket = typename Objects::Dst::Ticket;
  using QueueTicket = typename S::Ticket;

  PathReferences(const PathModules<S>& modules, Core& core) noexcept
      : core_(core), nic_(modules.nic) {}

  /// The use of an object of the driver by a packet; see UseRefs.
  [[gnu::always_inline]] Use use_by([[maybe_unused]] SkBuff& skb) noexcept {
    if constexpr (C.use == UseRefs::no_fail && kPackets)
      return Use(nic_, skb.template ticket<Ticket>().template peek<Ticket>(), references_);
    else
      return Use(nic_, references_);
  }

  /// As use_by(), for a reference that lives on in the packet. Empty: the module is going.
  [[gnu::always_inline]] Ticket get_for([[maybe_unused]] SkBuff& skb) noexcept {
    if constexpr (C.use == UseRefs::no_fail && kPackets)
      return modules::module_get(nic_, skb.template ticket<Ticket>().template peek<Ticket>());
    else
      return modules::try_module_get(nic_);
  }

  // The packet.

  /// A head for the frame in @p slot, with what the level charges for it. Null: @p why says it.
  [[gnu::always_inline]] SkBuff* alloc_skb(const RxSlot& slot, DropReason& why) noexcept {
    SkBuff* skb = nullptr;
    // A buffer that a packet still refers to is not on the card's ring.
    if (!slot.in_use.load(std::memory_order_acquire)) [[likely]]
      skb = core_.heads.allocate(slot);
    if (skb == nullptr) [[unlikely]] {
      why = DropReason::no_buffer;
      return nullptr;
    }
    if (!charge(*skb)) [[unlikely]] {
      why = DropReason::module_going_skb;
      core_.heads.release(skb);
      return nullptr;
    }
    slot.in_use.store(true, std::memory_order_relaxed);
    return skb;
  }

  /// Drops one user; the last one gives back all that the packet holds.
  [[gnu::always_inline]] void kfree_skb(SkBuff* skb) noexcept {
    if (skb->users.load(std::memory_order_acquire) != 1 &&
        skb->users.fetch_sub(1, std::memory_order_acq_rel) != 1) [[unlikely]]
      return;
    skb_dst_drop(*skb);
    uncharge(*skb);
    core_.heads.release(skb);
  }

  /// Frees a packet that left the host or was read: here, or on the core that does it for this one.
  [[gnu::always_inline]] void consume_skb(SkBuff* skb) noexcept {
    if (core_.freer != nullptr) [[unlikely]]
      core_.freer->to_free.put(skb);
    else
      kfree_skb(skb);
  }

  // The packet's route.

  /// The packet uses a route that it does not count; a grace period protects it
  /// (skb_dst_set_noref).
  [[gnu::always_inline]] static void skb_dst_set_noref(SkBuff& skb, ObjectCount& dst) noexcept {
    skb.dst = reinterpret_cast<std::uintptr_t>(&dst) | kNoref;
  }
  /// The packet holds the route until it is freed.
  [[gnu::always_inline]] void skb_dst_set(SkBuff& skb, ObjectCount& dst) noexcept {
    skb.dst = reinterpret_cast<std::uintptr_t>(&dst);
  }
  /// Before a packet leaves the poll with a route that it does not count (skb_dst_force). False:
  /// the route or its module is going, and the packet has no route now.
  bool skb_dst_force(SkBuff& skb) noexcept {
    if ((skb.dst & kNoref) == 0)
      return true;
    auto& dst = reinterpret_cast<ObjectCount*>(std::exchange(skb.dst, 0) & ~kNoref)
                    ->template as<typename Objects::Dst>();
    if (!dst.try_get()) [[unlikely]]
      return false;
    references_.took(Referred::dst);
    if constexpr (kUses) {
      const Ticket ticket = modules::try_module_get(nic_);
      if (!ticket) [[unlikely]] {
        dst.put(DstTicket(true));
        return false;
      }
      references_.took(Referred::module);
      skb.dst_ticket.store(ticket);
    }
    skb.dst = reinterpret_cast<std::uintptr_t>(&dst);
    return true;
  }
  /// Gives a clone that outlives the poll the route of its original, counted. As skb_dst_force.
  bool skb_dst_clone(SkBuff& clone, const SkBuff& from) noexcept {
    clone.dst = from.dst;
    if (clone.dst == 0 || (clone.dst & kNoref) != 0)
      return skb_dst_force(clone);
    (void)hold(reinterpret_cast<ObjectCount*>(clone.dst)->template as<typename Objects::Dst>());
    references_.took(Referred::dst);
    if constexpr (kUses) {
      clone.dst_ticket.store(modules::module_get(nic_, from.dst_ticket.template peek<Ticket>()));
      references_.took(Referred::module);
    }
    return true;
  }
  [[gnu::always_inline]] void skb_dst_drop(SkBuff& skb) noexcept {
    if (skb.dst == 0 || (skb.dst & kNoref) != 0)
      return;
    reinterpret_cast<ObjectCount*>(skb.dst)->template as<typename Objects::Dst>().put(
        DstTicket(true));
    skb.dst = 0;
    if constexpr (kUses)
      modules::module_put(nic_, skb.dst_ticket.template take<Ticket>());
  }

  /// At level 3: the module reference of a new object. False: refused.
  template <class T>
  [[gnu::always_inline]] bool charge_object(T& object, Module* module) noexcept {
    if constexpr (C.object) {
      const Ticket ticket = modules::try_module_get(module);
      if (!ticket)
        return false;
      references_.took(Referred::module);
      object.ticket.store(ticket);
    }
    return true;
  }
  template <class T>
  [[gnu::always_inline]] void uncharge_object(T& object, Module* module) noexcept {
    if constexpr (C.object) {
      if (const Ticket ticket = object.ticket.template take<Ticket>())
        modules::module_put(module, ticket);
    }
  }

  /// A clone's share of what the level charges. The original's reference vouches for it, so it
  /// cannot be refused (the kernel's __module_get).
  void charge_clone(SkBuff& clone, SkBuff& from) noexcept {
    if constexpr (kPackets || C.packet == PacketRefs::recycled) {
      if (clone.keeps_ticket)
        return;
      clone.keeps_ticket = C.packet == PacketRefs::recycled;
      clone.template ticket<Ticket>().store(
          modules::module_get(nic_, from.template ticket<Ticket>().template peek<Ticket>()));
      references_.took(Referred::module);
    } else if constexpr (C.packet == PacketRefs::queue) {
      clone.queue = from.queue;
      clone.template ticket<QueueTicket>().store(
          queue_count().get(from.template ticket<QueueTicket>().template peek<QueueTicket>()));
      references_.took(Referred::module);
    } else if constexpr (C.packet != PacketRefs::none) {
      (void)charge(clone);  // plain counts: never refused while the poll holds its reference
    }
  }

  /// After the last packet of a poll: the reference of the poll is its packets' alone.
  [[gnu::always_inline]] void end_poll() noexcept {
    if constexpr (C.packet == PacketRefs::poll) {
      if (PollTicket* poll = std::exchange(poll_ticket_, nullptr))
        drop_share(*poll);
    }
  }

  /// The session that the lock of a receive queue is for a scheme that counts under it.
  using QueueSession =
      std::conditional_t<C.packet == PacketRefs::queue, SessionFor<S>, getput::detail::NoSession>;
  [[gnu::always_inline]] S& queue_count() noexcept { return *static_cast<S*>(core_.queue.count); }

  /// Gives back what the heads in this core's cache keep (PacketRefs::recycled); before an unload.
  void flush_heads() noexcept {
    if constexpr (C.packet == PacketRefs::recycled) {
      core_.heads.for_each([this](SkBuff& head) {
        if (std::exchange(head.keeps_ticket, false))
          modules::module_put(nic_, head.template ticket<Ticket>().template take<Ticket>());
      });
    }
  }

  Core& core_;
  Module* const nic_;
  using References = std::conditional_t<Counting, CountedReferences, UncountedReferences>;
  [[no_unique_address]] References references_;  ///< of the current poll

 private:
  static constexpr std::uintptr_t kNoref = 1;

  [[gnu::always_inline]] bool charge(SkBuff& skb) noexcept {
    if constexpr (kPackets)
      return charge_each(skb);
    else if constexpr (C.packet == PacketRefs::recycled)
      return skb.keeps_ticket || (charge_each(skb) && (skb.keeps_ticket = true));
    else if constexpr (C.packet == PacketRefs::poll)
      return charge_poll(skb);
    else if constexpr (C.packet == PacketRefs::queue)
      return charge_queue(skb);
    if constexpr (C.packet == PacketRefs::split) {
      ++core_.queue.allocated;
      skb.queue = &core_.queue;
    }
    return true;
  }
  [[gnu::always_inline]] bool charge_each(SkBuff& skb) noexcept {
    const Ticket ticket = modules::try_module_get(nic_);
    if (!ticket) [[unlikely]]
      return false;
    references_.took(Referred::module);
    skb.template ticket<Ticket>().store(ticket);
    return true;
  }
  /// The first packet of a poll takes the reference for all of them.
  [[gnu::always_inline]] bool charge_poll(SkBuff& skb) noexcept {
    if (poll_ticket_ == nullptr) {
      PollTicket* free = nullptr;
      do {
        core_.poll_ticket = (core_.poll_ticket + 1) % core_.poll_tickets.size();
        free = &core_.poll_tickets[core_.poll_ticket];
      } while (free->packets != 0);
      const Ticket ticket = modules::try_module_get(nic_);
      if (!ticket) [[unlikely]]
        return false;
      references_.took(Referred::module);
      free->ticket.store(ticket);
      free->packets = 1;  // the poll's own share, until its end
      poll_ticket_ = free;
    }
    ++poll_ticket_->packets;
    skb.poll = poll_ticket_;
    return true;
  }
  [[gnu::always_inline]] bool charge_queue(SkBuff& skb) noexcept {
    auto ticket = queue_count().try_get();
    if (!ticket) [[unlikely]]
      return false;
    references_.took(Referred::module);
    skb.template ticket<QueueTicket>().store(std::move(ticket));
    skb.queue = &core_.queue;
    return true;
  }

  [[gnu::always_inline]] void uncharge(SkBuff& skb) noexcept {
    if constexpr (kPackets) {
      modules::module_put(nic_, skb.template ticket<Ticket>().template take<Ticket>());
    } else if constexpr (C.packet == PacketRefs::poll) {
      drop_share(*skb.poll);
    } else if constexpr (C.packet == PacketRefs::split) {
      if (skb.queue == &core_.queue) [[likely]]
        ++core_.queue.freed_here;
      else
        skb.queue->freed_elsewhere.fetch_add(1, std::memory_order_release);
    } else if constexpr (C.packet == PacketRefs::queue) {
      static_cast<S*>(skb.queue->count)
          ->put(skb.template ticket<QueueTicket>().template take<QueueTicket>());
    }
  }

  [[gnu::always_inline]] void drop_share(PollTicket& poll) noexcept {
    if (--poll.packets == 0)
      modules::module_put(nic_, poll.ticket.template take<Ticket>());
  }

  PollTicket* poll_ticket_ = nullptr;
};

}  // namespace getput::bench::netpath
