// SPDX-License-Identifier: MIT
// Definitions of path_steps.hpp.
#pragma once

#include "bench/workloads/netpath/path_steps.hpp"

namespace getput::bench::netpath {

template <class S, Charge C, class O, bool N>
[[gnu::always_inline]] inline DropReason PathSteps<S, C, O, N>::queue_rcv_skb(
    SkBuff& skb, Socket& socket, const Transport& transport) noexcept {
  constexpr std::uint32_t kReceiveBuffer = 212992;  // net.core.rmem_default
  bool ended = false;
  core_.work.at_site();
  {
    const std::lock_guard lock(socket.lock);
    if (socket.closed) [[unlikely]]
      return DropReason::socket_closed;
    if (socket.rmem.load(std::memory_order_relaxed) + skb.truesize > kReceiveBuffer) [[unlikely]]
      return DropReason::socket_buffer_full;
    const auto why = reason_of(transport.ops->rcv(&skb.packet, &socket.transport, &core_.stats));
    if (why != DropReason::none) [[unlikely]]
      return why;
    ended = (socket.transport.tcp_state & (GETPUT_TCP_FIN_SEEN | GETPUT_TCP_RESET)) != 0;
    socket.rmem.fetch_add(skb.truesize, std::memory_order_relaxed);
    skb.next = nullptr;
    (socket.head == nullptr ? socket.head : socket.tail->next) = &skb;
    socket.tail = &skb;
    if (!socket.readable) {
      socket.readable = true;
      core_.readable[core_.readable_count++] = &socket;
    }
  }
  ++core_.account.delivered;
  if (ended) [[unlikely]]
    close(socket, transport.module);
  return DropReason::none;
}

/// Takes the socket out of the table and gives back its reference; the memory follows after a grace
/// period. What is still queued is read by the worker that has it on its list.
template <class S, Charge C, class O, bool N>
void PathSteps<S, C, O, N>::close(Socket& socket, Module* module) noexcept {
  {
    const std::lock_guard lock(socket.lock);
    if (socket.closed)
      return;
    socket.closed = true;
  }
  {
    const auto lock = network_.lock_to_change(socket.key);
    network_.template sockets_in<O>().remove(&socket);
  }
  this->uncharge_object(socket, module);
  ++core_.account.destroyed;
  if ((socket.transport.tcp_state & GETPUT_TCP_FIN_SEEN) != 0)
    begin_time_wait(socket.key, module);
  core_.socket_memory.retire(&socket);
}

/// tcp_time_wait. Without memory or module the connection is closed at once, as the kernel does.
template <class S, Charge C, class O, bool N>
void PathSteps<S, C, O, N>::begin_time_wait(const FlowKey& key, Module* module) noexcept {
  if (core_.time_wait_ticks == 0)
    return;
  TimeWait* connection = core_.time_wait_memory.take();
  if (connection == nullptr)
    return;
  if (!this->charge_object(*connection, module)) {
    core_.time_wait_memory.give(connection);
    return;
  }
  connection->refs.template construct<typename O::Socket>();
  network_.fill(*connection, key);
  connection->expires = Clock::instance().now() + core_.time_wait_ticks;
  if (network_.time_wait.insert(connection) != connection) {  // it is in TIME_WAIT already
    this->uncharge_object(*connection, module);
    core_.time_wait_memory.give(connection);
    return;
  }
  (core_.time_wait_last == nullptr ? core_.time_wait_first : core_.time_wait_last->later) =
      connection;
  core_.time_wait_last = connection;
  ++core_.account.time_waits;
}

/// inet_twsk_kill for those that have expired, @p most at a time.
template <class S, Charge C, class O, bool N>
void PathSteps<S, C, O, N>::end_time_waits(Clock::Ticks now, std::size_t most) noexcept {
  TimeWait*& first = core_.time_wait_first;
  for (; first != nullptr && first->expires <= now && most != 0; --most) {
    TimeWait* ended = std::exchange(first, first->later);
    network_.time_wait.remove(ended);  // unless a SYN has done so
    this->uncharge_object(*ended, transport_of(ended->key.protocol).module);
    core_.time_wait_memory.retire(ended);
  }
  if (first == nullptr)
    core_.time_wait_last = nullptr;
}

template <class S, Charge C, class O, bool N>
Socket* PathSteps<S, C, O, N>::open_socket(const SkBuff& skb, const Transport& transport,
                                           const FlowKey& key, DropReason& why) noexcept {
  if (key.protocol == protocol::kTcp) {
    if (TimeWait* old = network_.time_wait.find(key)) {
      auto& refs = old->refs.template as<typename O::Socket>();  // inet_twsk is counted as a socket
      const auto ticket = refs.try_get();
      references_.took(Referred::socket);
      const bool opens = is_syn(skb);
      if (opens)
        network_.time_wait.remove(old);
      refs.put(ticket);
      if (!opens) {
        why = DropReason::time_wait;
        return nullptr;
      }
    }
  }
  return create<typename O::Socket, Socket>(network_.template sockets_in<O>(), core_.socket_memory,
                                            key, transport.module, why);
}

template <class S, Charge C, class O, bool N>
void PathSteps<S, C, O, N>::read_sockets() noexcept {
  for (std::size_t i = 0; i < core_.readable_count; ++i) {
    Socket& socket = *core_.readable[i];
    SkBuff* skb = nullptr;
    {
      const std::lock_guard lock(socket.lock);
      skb = std::exchange(socket.head, nullptr);
      socket.tail = nullptr;
      socket.readable = false;
    }
    while (skb != nullptr) {
      socket.rmem.fetch_sub(skb->truesize, std::memory_order_relaxed);  // sock_rfree
      this->consume_skb(std::exchange(skb, skb->next));
    }
  }
  core_.readable_count = 0;
  while (core_.raw_queue != nullptr)
    [[unlikely]] this->consume_skb(std::exchange(core_.raw_queue, core_.raw_queue->next));
}

template <class S, Charge C, class O, bool N>
void PathSteps<S, C, O, N>::clean_tx(std::size_t budget) noexcept {
  void* sent[kTxBatch];
  std::uint32_t count = 0;
  const Use device(nic_, references_);
  if (device) [[likely]] {
    count = link_->clean(&network_.out.abi, &core_.tx.abi, sent, static_cast<std::uint32_t>(budget),
                         &core_.stats);
  } else {
    getput_tx_ring& ring = core_.tx.abi;
    for (; count < budget && ring.tail != ring.head; ++ring.tail)
      sent[count++] = ring.slots[ring.tail & ring.mask].cookie;
  }
  for (std::uint32_t i = 0; i < count; ++i) this->consume_skb(static_cast<SkBuff*>(sent[i]));
}

/// The miss: a new entry, with its own count begun and a reference to its module at level 3.
template <class S, Charge C, class O, bool N>
template <class R, class T, class Kept, class Memory, class... Rest>
T* PathSteps<S, C, O, N>::create(Kept& table, Memory& memory, const typename T::Key& key,
                                 Module* module, DropReason& why, Rest... rest) noexcept {
  T* object = memory.take();
  if (object == nullptr) {
    why = DropReason::no_table_space;
    return nullptr;
  }
  if (!this->charge_object(*object, module)) {
    memory.give(object);
    why = DropReason::module_going_create;
    return nullptr;
  }
  object->refs.template construct<R>();
  network_.fill(*object, key, rest...);
  T* present = table.insert(object);
  if (present == object) {
    ++core_.account.created;
    core_.account.opened += std::is_same_v<T, Socket> ? 1U : 0U;
    return object;
  }
  this->uncharge_object(*object, module);  // another worker was faster; ours was never in the table
  memory.give(object);
  return present;
}

/// A clone for the raw socket. It keeps the route until it is read, so it has to count it
/// (sock_queue_rcv_skb: skb_dst_force).
template <class S, Charge C, class O, bool N>
void PathSteps<S, C, O, N>::raw_local_deliver(SkBuff& skb) noexcept {
  SkBuff* clone = core_.heads.clone(skb);
  if (clone == nullptr) {
    ++core_.account.clone_missed;
    return;
  }
  this->charge_clone(*clone, skb);
  if (!this->skb_dst_clone(*clone, skb)) [[unlikely]] {
    this->kfree_skb(clone);
    ++core_.account.clone_missed;
    return;
  }
  ++core_.account.cloned;
  clone->next = core_.raw_queue;
  core_.raw_queue = clone;
}

template <class S, Charge C, class O, bool N>
DropReason PathSteps<S, C, O, N>::xfrm_policy_lookup(SkBuff& skb) noexcept {
  const Packet& parsed = skb.parsed;
  Module* owner = transport_of(parsed.protocol).module;
  const Policy::Key key = policy_key(parsed.destination, parsed.protocol);
  DropReason why = DropReason::none;
  Policy* policy = find_or_create<typename O::Policy, Policy>(
      network_.policies, network_.policy_memory, key, hash(key), owner, why);
  if (policy == nullptr) [[unlikely]]
    return why;
  auto& refs = policy->refs.template as<typename O::Policy>();
  const auto ticket = refs.try_get();  // never refused: policies are not taken out
  references_.took(Referred::policy);
  const Use use(owner, references_);
  why = use ? DropReason::none : DropReason::module_going_policy;
  refs.put(ticket);
  return why;
}

}  // namespace getput::bench::netpath
