// SPDX-License-Identifier: MIT
// One worker's books. Written by that worker alone, plainly.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>

#include "bench/workloads/netpath/drop_reason.hpp"
#include "bench/workloads/netpath/reference_counts.hpp"

namespace getput::bench::netpath {

struct Account {
  std::uint64_t received = 0;
  std::uint64_t delivered = 0;
  std::uint64_t forwarded = 0;
  std::array<std::uint64_t, kDropReasons> dropped{};
  std::uint64_t bytes = 0;         ///< on the wire, of what was received
  ReferenceCounts references{};    ///< taken, by what they are to; 0 in timed code
  std::uint64_t created = 0;       ///< table entries made by the receive path
  std::uint64_t opened = 0;        ///< sockets among them
  std::uint64_t destroyed = 0;     ///< sockets closed
  std::uint64_t time_waits = 0;    ///< of these, connections that went to TIME_WAIT
  std::uint64_t cloned = 0;        ///< packets that the raw socket got too
  std::uint64_t clone_missed = 0;  ///< packets that it should have got

  std::uint64_t drops() const noexcept {
    return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
  }
  /// What became of what was received: equal to `received`, or packets were lost uncounted.
  std::uint64_t accounted() const noexcept { return delivered + forwarded + drops(); }
  std::uint64_t taken(Referred what) const noexcept {
    return references[static_cast<std::size_t>(what)];
  }
  double per_packet(Referred what) const noexcept {
    return received == 0 ? 0.0 : static_cast<double>(taken(what)) / static_cast<double>(received);
  }
  void drop(DropReason why) noexcept { ++dropped[static_cast<std::size_t>(why)]; }

  Account& operator+=(const Account& other) noexcept {
    received += other.received;
    delivered += other.delivered;
    forwarded += other.forwarded;
    for (std::size_t i = 0; i < dropped.size(); ++i) dropped[i] += other.dropped[i];
    bytes += other.bytes;
    for (std::size_t i = 0; i < kReferred; ++i) references[i] += other.references[i];
    created += other.created;
    opened += other.opened;
    destroyed += other.destroyed;
    time_waits += other.time_waits;
    cloned += other.cloned;
    clone_missed += other.clone_missed;
    return *this;
  }
};

}  // namespace getput::bench::netpath
