// SPDX-License-Identifier: MIT
// Path: how packets and table entries come and go, and what charging them costs. Included by
// path.hpp.
#pragma once

#include "bench/workloads/netpath/path.hpp"

namespace getput::bench::netpath {

template <class S, Level L, bool Counting>
template <class T, class Memory>
[[gnu::always_inline]] inline T* Path<S, L, Counting>::find_or_create(
    Table<T>& table, Memory& memory, const typename T::Key& key, std::uint64_t hashed,
    Module* module, DropReason& why) noexcept {
  if (T* found = table.find(key, hashed)) [[likely]]
    return found;
  return create(table, memory, key, module, why);
}

/// The miss: a new entry, with a reference to its module at level 3. Null: why says it.
template <class S, Level L, bool Counting>
template <class T, class Memory>
T* Path<S, L, Counting>::create(Table<T>& table, Memory& memory, const typename T::Key& key,
                                Module* module, DropReason& why) noexcept {
  T* object = memory.take();
  if (object == nullptr) {
    why = DropReason::no_table_space;
    return nullptr;
  }
  Ticket ticket;
  if constexpr (charges_objects(L)) {
    ticket = modules::try_module_get(module);
    if (!ticket) {
      memory.give(object);
      why = DropReason::module_going_create;
      return nullptr;
    }
    ++gets_;
    object->ticket.store(ticket);
  }
  network_.fill(*object, key);
  T* present = table.insert(object);
  if (present == object) {
    ++core_.account.created;
    return object;
  }
  // Another worker was faster; nobody has seen ours.
  if constexpr (charges_objects(L))
    modules::module_put(module, object->ticket.template take<Ticket>());
  memory.give(object);
  return present;
}

/// Takes the socket out of the table and gives back its reference; the memory follows after a grace
/// period. What is still queued is read by the worker that has it on its list.
template <class S, Level L, bool Counting>
void Path<S, L, Counting>::close(Socket& socket, Module* module) noexcept {
  {
    const std::lock_guard lock(socket.lock);
    if (socket.closed)
      return;
    socket.closed = true;
  }
  network_.sockets.remove(&socket);
  if constexpr (charges_objects(L)) {
    if (const Ticket ticket = socket.ticket.template take<Ticket>())
      modules::module_put(module, ticket);
  }
  ++core_.account.destroyed;
  core_.socket_memory.retire(&socket);
}

template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline SkBuff* Path<S, L, Counting>::allocate(const RxSlot& slot,
                                                                     DropReason& why) noexcept {
  SkBuff* skb = core_.heads.allocate(slot.frame(), slot.desc.captured);
  if (skb == nullptr) [[unlikely]] {
    why = DropReason::no_buffer;
    return nullptr;
  }
  if constexpr (charges_packets(L)) {
    const Ticket ticket = modules::try_module_get(nic_);
    if (!ticket) [[unlikely]] {
      core_.heads.release(skb);
      why = DropReason::module_going_skb;
      return nullptr;
    }
    ++gets_;
    skb->ticket.store(ticket);
  }
  return skb;
}

template <class S, Level L, bool Counting>
[[gnu::always_inline]] inline void Path<S, L, Counting>::free(SkBuff* skb) noexcept {
  if constexpr (charges_packets(L))
    modules::module_put(nic_, skb->ticket.template take<Ticket>());
  core_.heads.release(skb);
}

/// The applications: each reads all that its socket has got.
template <class S, Level L, bool Counting>
void Path<S, L, Counting>::read_sockets() noexcept {
  for (std::size_t i = 0; i < core_.readable_count; ++i) {
    Socket& socket = *core_.readable[i];
    SkBuff* skb = nullptr;
    {
      const std::lock_guard lock(socket.lock);
      skb = std::exchange(socket.head, nullptr);
      socket.tail = nullptr;
      socket.queued = 0;
      socket.readable = false;
    }
    while (skb != nullptr) free(std::exchange(skb, skb->next));
  }
  core_.readable_count = 0;
  while (core_.raw_queue != nullptr) free(std::exchange(core_.raw_queue, core_.raw_queue->next));
}

/// Frees what the card has sent. A driver that is going is not called any more: the ring belongs to
/// the core, which then takes its packets off by itself.
template <class S, Level L, bool Counting>
void Path<S, L, Counting>::complete(std::size_t budget) noexcept {
  void* sent[kTxBatch];
  std::uint32_t count = 0;
  const Use device(nic_, gets_);
  if (device) [[likely]] {
    count = link_->clean(&network_.out.abi, &core_.tx.abi, sent, static_cast<std::uint32_t>(budget),
                         &core_.stats);
  } else {
    getput_tx_ring& ring = core_.tx.abi;
    for (; count < budget && ring.tail != ring.head; ++ring.tail)
      sent[count++] = ring.slots[ring.tail & ring.mask].cookie;
  }
  for (std::uint32_t i = 0; i < count; ++i) free(static_cast<SkBuff*>(sent[i]));
}

}  // namespace getput::bench::netpath
