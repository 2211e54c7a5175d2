// SPDX-License-Identifier: MIT
// What one worker owns: ring position, packet heads, transmit ring, sockets it has to read, socket
// memory, books. Nothing here is shared, and nothing here knows a scheme.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/engine/clock.hpp"
#include "bench/workloads/netpath/account.hpp"
#include "bench/workloads/netpath/batch.hpp"
#include "bench/workloads/netpath/input/rx_ring.hpp"
#include "bench/workloads/netpath/objects/free_queue.hpp"
#include "bench/workloads/netpath/objects/network.hpp"
#include "bench/workloads/netpath/objects/objects.hpp"
#include "bench/workloads/netpath/objects/recycled_memory.hpp"
#include "bench/workloads/netpath/objects/skbuff.hpp"
#include "bench/workloads/netpath/work.hpp"

namespace getput::bench::netpath {

/// A transmit ring with its slots.
class TxRing {
 public:
  TxRing() : slots_(kSlots) {
    abi.slots = slots_.data();
    abi.mask = kSlots - 1;
  }
  TxRing(const TxRing&) = delete;
  TxRing& operator=(const TxRing&) = delete;

  std::size_t pending() const noexcept { return abi.head - abi.tail; }

  getput_tx_ring abi{};

 private:
  // A batch comes on top of what is left of an incomplete completion batch: never full.
  static constexpr std::uint32_t kSlots = 256;
  static_assert(kSlots >= kBatch + kTxBatch);
  std::vector<getput_tx_desc> slots_;
};

/// One module reference for the packets of a poll (PacketRefs::poll). Its core alone uses it.
struct PollTicket {
  TicketSpace ticket;
  std::uint32_t packets = 0;  ///< not freed yet; 0: nothing is held
};

/// What a receive queue counts by itself (PacketRefs::split and queue).
struct alignas(64) CoreQueue {
  machine::SpinLock lock;        ///< held during a poll, as NAPI's SCHED bit is
  std::uint64_t allocated = 0;   ///< packets; written by the core that polls
  std::uint64_t freed_here = 0;  ///< by the same core
  void* count = nullptr;         ///< a scheme's object of its own for this queue, where one is used
  /// Packets freed by other cores.
  alignas(64) std::atomic<std::uint64_t> freed_elsewhere{0};

  /// Allocated and not freed yet; exact while no packet is allocated or freed.
  std::int64_t in_flight() const noexcept {
    return static_cast<std::int64_t>(allocated - freed_here -
                                     freed_elsewhere.load(std::memory_order_acquire));
  }
};

/// One worker. Made by the worker's own thread, so that its memory is on the worker's node.
struct alignas(128) Core {
  Core(const RxRing& rx_ring, Network& network)
      : rx(rx_ring),
        socket_memory(network.socket_memory),
        time_wait_memory(network.time_wait_memory) {}

  const RxRing& rx;
  std::size_t position = 0;  ///< next descriptor
  HeadCache heads;
  TxRing tx;
  RecycledMemory<Socket> socket_memory;
  RecycledMemory<TimeWait> time_wait_memory;
  TimeWait* time_wait_first = nullptr;  ///< this core's connections in TIME_WAIT, oldest first
  TimeWait* time_wait_last = nullptr;
  Clock::Ticks time_wait_ticks = 0;        ///< how long they stay; 0: there is no TIME_WAIT
  std::array<Socket*, kBatch> readable{};  ///< sockets that got something in this batch
  std::size_t readable_count = 0;
  SkBuff* raw_queue = nullptr;  ///< clones for the raw socket
  CoreQueue queue;
  machine::SpinLock tx_lock;  ///< linux_6: of this core's transmit queue (HARD_TX_LOCK)
  /// A poll's ticket is in use while one of its packets is. Between polls fewer than kTxBatch
  /// packets are in flight, each perhaps of a poll of its own.
  std::array<PollTicket, kTxBatch + 1> poll_tickets{};
  std::size_t poll_ticket = 0;  ///< where the search for an unused one begins
  Core* freer = nullptr;  ///< the core that frees this one's packets (free:remote); null: itself
  FreeQueue to_free;      ///< packets of other cores that this one has to free
  PacketWork work;
  getput_core_stats stats{};
  Account account;

  // Every pass over the worker's share must account for exactly the share.
  std::size_t in_pass = 0;  ///< frames of the current pass that are done
  std::uint64_t passes = 0;
  std::uint64_t bad_passes = 0;
  std::uint64_t accounted_before = 0;  ///< accounted() when the current pass began

  /// Begins a pass at this descriptor with empty books.
  void restart(std::size_t start) noexcept;
  /// Descriptors of the next batch: never beyond the end of a pass or of the ring.
  std::size_t next_batch() const noexcept;
  /// To be called when @p frames of them are done.
  void advance(std::size_t frames) noexcept;
};

}  // namespace getput::bench::netpath
