// SPDX-License-Identifier: MIT
// Brings what the next packets need into the cache before their turn, so that their cache misses
// overlap.
//
// What: three stages, each so many frames ahead of the packet that is received. First the frame's
// header; then, from the addresses and ports in it, the buckets of route, policy and socket; then
// the first object of each of these buckets. The kernel gets the same overlap from its list receive
// (ip_list_rcv); here each packet still goes all its way before the next one begins.
//
// Limits: hints only. What they read is never used for a result, they take no reference, and a
// frame that they do not understand (not IP, cut short, IPv6 with extension headers) is received
// with cold caches. Neighbours are not fetched: all of them fit into the second-level cache.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "bench/workloads/netpath/input/rx_ring.hpp"
#include "bench/workloads/netpath/objects/network.hpp"

namespace getput::bench::netpath {

/// What a frame seems to be, unchecked.
struct FlowGuess {
  FlowKey flow;
  std::uint8_t traffic_class = 0;
};

/// Reads the flow of an Ethernet frame with @p captured bytes at @p data; false: not one that can
/// be guessed. Equal to what parse() and the transport find wherever they accept the frame, unless
/// it is a fragment or has IPv6 extension headers.
bool guess_flow(const std::uint8_t* data, std::size_t captured, FlowGuess& guess) noexcept;

/// One worker's look ahead into its receive ring. Keeps addresses of buckets, which live as long as
/// the network, and none of objects.
class Lookahead {
 public:
  /// To be called before the frame at @p position of @p ring is received; the ring is not empty.
  /// Out of line: it is the same for all schemes, and every compiled copy of the path calls it.
  void step(const Network& network, const RxRing& ring, std::size_t position) noexcept;

  static constexpr std::size_t kHeader = 24;  ///< frames ahead, as the two below
  static constexpr std::size_t kBuckets = 16;
  static constexpr std::size_t kObjects = 8;

 private:
  static constexpr std::size_t kKept = 16;
  static_assert(kBuckets - kObjects < kKept && kBuckets > kObjects && kHeader > kBuckets);
  struct Buckets {
    const Table<Route>::Bucket* route = nullptr;  ///< null: no guess
    const Table<Policy>::Bucket* policy = nullptr;
    const Table<Socket>::Bucket* socket = nullptr;
  };

  static void fetch_buckets(const Network& network, const getput_rx_desc& desc,
                            Buckets& buckets) noexcept;
  static void fetch_objects(const Buckets& buckets) noexcept;

  std::array<Buckets, kKept> seen_{};
  std::size_t turn_ = 0;
};

}  // namespace getput::bench::netpath
