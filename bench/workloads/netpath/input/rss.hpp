// SPDX-License-Identifier: MIT
// Receive side scaling: which worker a frame goes to. The hash is the Toeplitz hash of the
// Microsoft RSS specification with its published key, which is what network cards compute, so that
// a flow lands on one queue. A card does this before the host sees the frame: here it is computed
// when the input is loaded, never in the timed path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bench/workloads/netpath/input/packet.hpp"

namespace getput::bench::netpath {

/// Toeplitz hash of @p input (at most 36 bytes) under the specification's 40-byte key.
std::uint32_t toeplitz(std::span<const std::uint8_t> input) noexcept;

/// The card's hash: addresses and ports for UDP and TCP, addresses alone for other packets and for
/// fragments (later fragments have no ports, and all must land on one queue).
std::uint32_t rss_hash(const Packet& packet, const Transport& transport) noexcept;

/// Queue of @p queues for a hash, through a 128-entry indirection table filled round robin, the
/// default of common drivers.
constexpr std::size_t rss_queue(std::uint32_t hash, std::size_t queues) noexcept {
  return (hash & 127U) % queues;
}

}  // namespace getput::bench::netpath
