// SPDX-License-Identifier: MIT
// The steps that both eras take alike: the driver's receive, header checks, local delivery,
// readers, transmit completion. The eras (era/) put them in order and add what differs.
//
// Failure: a reference that is refused drops the packet under the name of what it was to protect.
// Nothing is undone but what this packet took, and kfree_skb() does that.
//
// Golden rule: a call through a module's table is covered by the use's reference at the levels that
// charge uses, by the object's at L3, by the packet's for the driver alone at L6 (the transports
// are not covered: that level protects packets, not protocols), and by nothing at L0: nothing may
// be unloaded.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include "bench/workloads/netpath/input/bytes.hpp"
#include "bench/workloads/netpath/input/checksum.hpp"
#include "bench/workloads/netpath/input/ethernet.hpp"
#include "bench/workloads/netpath/input/parse_common.hpp"
#include "bench/workloads/netpath/path_references.hpp"
#include "bench/workloads/netpath/verdict.hpp"

namespace getput::bench::netpath {

template <class S, Charge C, class Objects, bool Counting>
class PathSteps : public PathReferences<S, C, Objects, Counting> {
  using Base = PathReferences<S, C, Objects, Counting>;

 public:
  using typename Base::Module;
  using typename Base::Ticket;

  /// @p raw: a raw socket listens too, and gets a clone of every packet for this host.
  PathSteps(Network& network, const PathModules<S>& modules, Core& core, bool raw) noexcept
      : Base(modules, core),
        network_(network),
        udp_(modules.udp),
        tcp_(modules.tcp),
        link_(modules.link),
        udp_ops_(modules.udp_ops),
        tcp_ops_(modules.tcp_ops),
        raw_(raw) {}

  /// After the last poll: everything that is queued or waits for its completion is freed. Where
  /// cores free for each other, all call it twice, with a meeting between.
  [[gnu::noinline]] void drain() noexcept {
    read_sockets();
    while (core_.tx.pending() != 0) clean_tx(std::min(core_.tx.pending(), kTxBatch));
    free_for_others();
    note_references();
  }

  /// Before an unload: what only an idle cache holds.
  [[gnu::noinline]] void flush() noexcept {
    this->flush_heads();
    end_time_waits(~Clock::Ticks{0}, SIZE_MAX);
  }

 protected:
  using Base::core_;
  using Base::nic_;
  using Base::references_;
  using typename Base::Use;

  /// A transport and the module it is in.
  struct Transport {
    Module* module;
    const getput_transport_ops* ops;  ///< null: no handler for this protocol
  };
  Transport transport_of(std::uint8_t proto) const noexcept {
    if (proto == protocol::kTcp) [[likely]]
      return {tcp_, tcp_ops_};
    if (proto == protocol::kUdp)
      return {udp_, udp_ops_};
    return {nic_, nullptr};
  }

  /// The driver fills in what the card says of the frame.
  [[gnu::always_inline]] DropReason driver_rx(const RxSlot& slot, SkBuff& skb) noexcept {
    slot.restore();
    const auto why = reason_of(link_->rx(&network_.in.abi, &slot.desc, &skb.packet, &core_.stats));
    if (slot.checksum_good)
      skb.packet.flags |= GETPUT_PKT_CSUM_UNNECESSARY;
    skb.truesize = static_cast<std::uint32_t>(sizeof(SkBuff)) + slot.desc.captured;
    return why;
  }

  /// Link and network header (eth_type_trans, ip_rcv, ipv6_rcv), and what the transports are told.
  [[gnu::always_inline]] DropReason ip_rcv_core(SkBuff& skb) noexcept {
    getput_packet& packet = skb.packet;
    Packet& parsed = skb.parsed;
    const DropReason why =
        parse_common_first(packet.data, packet.captured, packet.wire_len, parsed);
    if (why != DropReason::none) [[unlikely]]
      return why;
    const std::uint32_t end = parsed.ip_offset + parsed.ip_length;
    packet.wire_len = end;  // Ethernet padding behind the packet goes
    packet.captured = std::min(packet.captured, end);
    packet.ether_type = parsed.ipv6 ? kTypeIpv6 : kTypeIpv4;
    packet.network_offset = static_cast<std::uint16_t>(parsed.ip_offset);
    packet.transport_offset = static_cast<std::uint16_t>(parsed.l4_offset);
    packet.transport_len = parsed.l4_length();
    const std::uint8_t* ip = packet.data + parsed.ip_offset;
    packet.src_addr = ip + (parsed.ipv6 ? 8 : 12);
    packet.dst_addr = ip + (parsed.ipv6 ? 24 : 16);
    packet.family = parsed.ipv6 ? 6 : 4;
    packet.protocol = parsed.protocol;
    if (parsed.fragment) [[unlikely]]
      packet.flags |= GETPUT_PKT_FRAGMENT;
    core_.work.at_first_site();
    return DropReason::none;
  }

  /// What a host asks before it hands a packet to a transport (ip_local_deliver).
  [[gnu::always_inline]] DropReason ip_local_deliver(SkBuff& skb) noexcept {
    const Packet& parsed = skb.parsed;
    if (parsed.upper_problem != DropReason::none) [[unlikely]]
      return parsed.upper_problem;
    if (parsed.fragment) [[unlikely]]
      return DropReason::needs_reassembly;
    if (raw_) [[unlikely]]
      raw_local_deliver(skb);
    return DropReason::none;
  }

  /// What a router asks before it sends a packet on (ip_forward).
  [[gnu::always_inline]] DropReason ip_forward_checks(const SkBuff& skb,
                                                      std::uint32_t mtu) const noexcept {
    if (skb.parsed.ip_length > mtu) [[unlikely]]
      return DropReason::exceeds_mtu;
    return skb.parsed.hop_limit <= 1 ? DropReason::hop_limit : DropReason::none;
  }

  /// Hop limit and header checksum (ip_decrease_ttl).
  [[gnu::always_inline]] static void ip_decrease_ttl(SkBuff& skb) noexcept {
    std::uint8_t* ip = skb.slot->frame() + skb.parsed.ip_offset;
    if (skb.parsed.ipv6) {
      --ip[7];
      return;
    }
    const auto before = load_be<std::uint16_t>(ip + 8);  // TTL and protocol share a checksum word
    --ip[8];
    store_be(ip + 10, update_checksum(load_be<std::uint16_t>(ip + 10), before,
                                      static_cast<std::uint16_t>(before - 0x100)));
  }

  /// The driver's transmit function. The packet is the transmit ring's afterwards.
  [[gnu::always_inline]] DropReason driver_xmit(SkBuff& skb,
                                                const getput_link_header& header) noexcept {
    core_.work.at_site();
    const auto why = reason_of(
        link_->xmit(&network_.out.abi, &skb.packet, &header, &core_.tx.abi, &skb, &core_.stats));
    core_.account.forwarded += why == DropReason::none ? 1U : 0U;
    return why;
  }

  /// The key of the socket that a packet is for; the transport reads the ports.
  [[gnu::always_inline]] static DropReason demux(const SkBuff& skb, const Transport& transport,
                                                 FlowKey& key) noexcept {
    getput_ports ports{};
    const auto why = reason_of(transport.ops->demux(&skb.packet, &ports));
    const Packet& parsed = skb.parsed;
    key = {parsed.source, parsed.destination, ports.src, ports.dst, parsed.protocol};
    return why;
  }

  /// Hands the packet to the transport and appends it to the socket's receive queue
  /// (tcp_v4_do_rcv, udp_queue_rcv_skb). The caller has the socket and frees a refused packet.
  DropReason queue_rcv_skb(SkBuff& skb, Socket& socket, const Transport& transport) noexcept;

  /// The applications: each reads all that its socket has got. Called once a poll, so all copies of
  /// a path can share it, as they share clean_tx().
  [[gnu::noinline]] void read_sockets() noexcept;

  /// Frees what the card has sent. A driver that is going is not called any more: the ring belongs
  /// to the core, which then takes its packets off by itself.
  [[gnu::noinline]] void clean_tx(std::size_t budget) noexcept;

  /// Frees what other cores have left to this one.
  [[gnu::always_inline]] void free_for_others() noexcept {
    if (core_.freer != nullptr) [[unlikely]]
      free_deferred();
  }
  [[gnu::noinline]] void free_deferred() noexcept {
    while (SkBuff* skb = core_.to_free.take()) this->kfree_skb(skb);
  }

  /// The object for a key, made if it is missing. Null: @p why says it.
  template <class R, class T, class Kept, class Memory, class... Rest>
  [[gnu::always_inline]] T* find_or_create(Kept& table, Memory& memory, const typename T::Key& key,
                                           std::uint64_t hashed, Module* module, DropReason& why,
                                           Rest... rest) noexcept {
    if (T* found = table.find(key, hashed)) [[likely]]
      return found;
    return create<R, T>(table, memory, key, module, why, rest...);
  }
  template <class R, class T, class Kept, class Memory, class... Rest>
  [[gnu::noinline]] T* create(Kept& table, Memory& memory, const typename T::Key& key,
                              Module* module, DropReason& why, Rest... rest) noexcept;

  /// Opens the socket of a packet. A TCP segment that is no SYN opens one too, for a capture may
  /// begin in the middle of a connection; but not in TIME_WAIT. Null: @p why says it.
  [[gnu::noinline]] Socket* open_socket(const SkBuff& skb, const Transport& transport,
                                        const FlowKey& key, DropReason& why) noexcept;

  /// The policy check: the policy of the destination's network, counted while it is asked
  /// (xfrm_pol_hold .. xfrm_pol_put). One comparison where no policy is loaded.
  [[gnu::always_inline]] DropReason xfrm_policy_check(SkBuff& skb) noexcept {
    core_.work.at_site();
    if (!network_.options().policies) [[likely]]
      return DropReason::none;
    return xfrm_policy_lookup(skb);
  }

  /// Once for the packet as it came (xfrm4_policy_check), once as it goes (xfrm4_route_forward).
  [[gnu::always_inline]] DropReason xfrm_forward_checks(SkBuff& skb) noexcept {
    const DropReason why = xfrm_policy_check(skb);
    if (why != DropReason::none || !network_.options().policies) [[likely]]
      return why;
    return xfrm_policy_lookup(skb);
  }

  /// One poll: @p receive gets the slots of a batch under the queue's lock, and readers and
  /// completions follow. Returns how many frames it took.
  template <class Receive>
  [[gnu::always_inline]] std::size_t poll_batch(Receive receive) noexcept {
    core_.socket_memory.prepare();
    core_.time_wait_memory.prepare();
    const std::lock_guard lock(core_.queue.lock);
    std::optional<typename Base::QueueSession> session;
    if constexpr (C.packet == PacketRefs::queue)
      session.emplace(this->queue_count());
    const std::size_t count = core_.next_batch();
    receive(core_.rx.slots().data() + core_.position, count);
    core_.account.received += count;
    core_.advance(count);
    read_sockets();
    while (core_.tx.pending() >= kTxBatch) clean_tx(kTxBatch);
    free_for_others();
    if (core_.time_wait_first != nullptr)
      end_time_waits(Clock::instance().now(), kBatch);
    this->end_poll();
    note_references();
    return count;
  }

  /// Counts the packet under @p why and frees it.
  [[gnu::noinline, gnu::cold]] void drop(SkBuff* skb, DropReason why) noexcept {
    core_.account.drop(why);
    this->kfree_skb(skb);
  }

  Network& network_;

 private:
  // Out of line: few cells have a raw socket or policies, and every compiled copy of a path would
  // contain them.
  [[gnu::noinline]] void raw_local_deliver(SkBuff& skb) noexcept;
  [[gnu::noinline]] DropReason xfrm_policy_lookup(SkBuff& skb) noexcept;
  [[gnu::noinline]] void close(Socket& socket, Module* module) noexcept;
  static bool is_syn(const SkBuff& skb) noexcept {
    constexpr std::size_t kFlagsAt = 13;
    constexpr std::uint8_t kSyn = 2;
    const std::size_t at = skb.packet.transport_offset + kFlagsAt;
    return at < skb.packet.captured && (skb.packet.data[at] & kSyn) != 0;
  }
  void begin_time_wait(const FlowKey& key, Module* module) noexcept;
  [[gnu::noinline]] void end_time_waits(Clock::Ticks now, std::size_t most) noexcept;

  void note_references() noexcept {
    if constexpr (Counting) {
      const ReferenceCounts taken = references_.take();
      for (std::size_t i = 0; i < kReferred; ++i) core_.account.references[i] += taken[i];
    }
  }

  Module* const udp_;
  Module* const tcp_;
  const getput_link_ops* const link_;
  const getput_transport_ops* const udp_ops_;
  const getput_transport_ops* const tcp_ops_;
  const bool raw_;
};

}  // namespace getput::bench::netpath

#include "bench/workloads/netpath/path_steps_inl.hpp"
