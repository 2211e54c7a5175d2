// SPDX-License-Identifier: MIT
// The receive path of one worker, for one scheme and one charge level.
//
// What: 64 packets a poll. Each gets an sk_buff, goes through the driver's rx, the parser, the
// route cache and the policy table, and is then delivered to the socket of its flow through the
// transport module, or sent on through a neighbour and the driver's xmit. Whoever reads the
// sockets does it after the poll; completions are freed 32 at a time.
//
// Where from: the order of steps of Linux's netif_receive_skb .. ip_rcv .. udp_rcv / ip_forward ..
// dev_queue_xmit. Lookups take no reference of their own (RCU, as in 6.x), so that level 0 is the
// modern path and the module references are what differs.
//
// Failure: a try_module_get that is refused drops the packet under the name of what the reference
// was to protect; nothing else is undone but what this packet took.
//
// Golden rule: a call through a module's table is covered at L5 by the use's reference, at L3 by
// the object's, at L6 by the packet's for the driver alone (the transports are not covered: that
// level protects packets, not protocols), at L0 by nothing: nothing may be unloaded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <type_traits>
#include <utility>

#include "bench/workloads/netpath/core.hpp"
#include "bench/workloads/netpath/gets.hpp"
#include "bench/workloads/netpath/hold.hpp"
#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/checksum.hpp"
#include "bench/workloads/netpath/level.hpp"
#include "bench/workloads/netpath/module_set.hpp"
#include "bench/workloads/netpath/objects/network.hpp"

namespace getput::bench::netpath {

/// The reason behind a plug-in's verdict.
constexpr DropReason reason_of(getput_verdict verdict) noexcept {
  switch (verdict) {
    case GETPUT_OK:
      return DropReason::none;
    case GETPUT_DROP_RUNT:
      return DropReason::runt_frame;
    case GETPUT_DROP_TOO_LONG:
      return DropReason::frame_too_long;
    case GETPUT_DROP_HEADER_TRUNCATED:
      return DropReason::cut_short;
    case GETPUT_DROP_BAD_HEADER:
      return DropReason::bad_l4_header;
    case GETPUT_DROP_BAD_LENGTH:
      return DropReason::bad_l4_length;
    case GETPUT_DROP_BAD_CHECKSUM:
      return DropReason::l4_checksum;
    case GETPUT_DROP_NO_CHECKSUM:
      return DropReason::no_l4_checksum;
    case GETPUT_DROP_FRAGMENT:
      return DropReason::needs_reassembly;
    case GETPUT_DROP_TX_BUSY:
      return DropReason::tx_busy;
    case GETPUT_VERDICTS:
      break;
  }
  return DropReason::handler_refused;
}

/// @p Counting: counts the references it takes, for the books. Timed code does not.
template <class S, Level L, bool Counting = true>
class Path {
 public:
  /// @p raw: a raw socket listens too, and gets a clone of every packet for this host.
  Path(Network& network, const PathModules<S>& modules, Core& core, bool raw) noexcept
      : network_(network),
        core_(core),
        nic_(modules.nic),
        udp_(modules.udp),
        tcp_(modules.tcp),
        link_(modules.link),
        udp_ops_(modules.udp_ops),
        tcp_ops_(modules.tcp_ops),
        raw_(raw) {}

  /// One poll of the receive ring; returns how many frames it took, 0 for an empty ring. The thread
  /// is online in urcu-qsbr and quiescent afterwards.
  std::size_t poll() noexcept;

  /// After the last poll: everything that is queued or waits for its completion is freed.
  void drain() noexcept;

 private:
  using Module = modules::Module<S>;
  using Ticket = modules::ModuleTicket<S>;
  using Use = Hold<S, charges_uses(L)>;

  // path_input.hpp
  void receive(const RxSlot& slot) noexcept;
  DropReason input(const RxSlot& slot, SkBuff& skb) noexcept;
  void describe(SkBuff& skb) noexcept;
  DropReason deliver(SkBuff& skb, std::uint64_t addresses) noexcept;
  DropReason to_socket(SkBuff& skb, std::uint64_t addresses, Module* module,
                       const getput_transport_ops* ops) noexcept;
  DropReason queue(SkBuff& skb, Socket& socket, const getput_transport_ops* ops,
                   bool& ended) noexcept;
  void to_raw_socket(SkBuff& skb) noexcept;
  DropReason forward(SkBuff& skb, std::uint64_t addresses) noexcept;
  void lower_hop_limit(SkBuff& skb) noexcept;

  // path_objects.hpp
  template <class T, class Memory>
  T* find_or_create(Table<T>& table, Memory& memory, const typename T::Key& key,
                    std::uint64_t hashed, Module* module, DropReason& why) noexcept;
  template <class T, class Memory>
  [[gnu::noinline]] T* create(Table<T>& table, Memory& memory, const typename T::Key& key,
                              Module* module, DropReason& why) noexcept;
  [[gnu::noinline]] void close(Socket& socket, Module* module) noexcept;
  SkBuff* allocate(const RxSlot& slot, DropReason& why) noexcept;
  void free(SkBuff* skb) noexcept;
  void read_sockets() noexcept;
  void complete(std::size_t budget) noexcept;

  /// The module that a packet of this protocol is delivered through, or the driver.
  Module* owner_of(std::uint8_t proto) const noexcept {
    if (proto == protocol::kTcp)
      return tcp_;
    return proto == protocol::kUdp ? udp_ : nic_;
  }

  Network& network_;
  Core& core_;
  Module* const nic_;
  Module* const udp_;
  Module* const tcp_;
  const getput_link_ops* const link_;
  const getput_transport_ops* const udp_ops_;
  const getput_transport_ops* const tcp_ops_;
  const bool raw_;
  using Gets = std::conditional_t<Counting, CountedGets, UncountedGets>;
  Gets gets_;  ///< of the current poll
};

// flatten: whether a scheme's get is inlined must not depend on how often it appears here, or one
// scheme would be charged for a call that another one does not make.
template <class S, Level L, bool Counting>
[[gnu::flatten]] std::size_t Path<S, L, Counting>::poll() noexcept {
  core_.socket_memory.prepare();
  const std::size_t count = core_.next_batch();
  const RxSlot* slots = core_.rx.slots().data() + core_.position;
  for (std::size_t i = 0; i < count; ++i) {
    core_.lookahead.step(network_, core_.rx, core_.position + i);
    receive(slots[i]);
  }
  core_.account.received += count;
  core_.account.gets += gets_.take();
  core_.advance(count);
  read_sockets();
  while (core_.tx.pending() >= kTxBatch) complete(kTxBatch);
  return count;
}

template <class S, Level L, bool Counting>
[[gnu::noinline]] void Path<S, L, Counting>::drain() noexcept {
  read_sockets();
  while (core_.tx.pending() != 0) complete(std::min(core_.tx.pending(), kTxBatch));
  core_.account.gets += gets_.take();
}

}  // namespace getput::bench::netpath

#include "bench/workloads/netpath/path_input.hpp"
#include "bench/workloads/netpath/path_objects.hpp"
