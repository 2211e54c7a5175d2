// SPDX-License-Identifier: MIT
// One frame on the transmit path of 2.6.36: a route is made for it, bound to what it leads to, used
// and freed. What is shared with other CPUs is a template argument, so that each state of the
// series is code of its own.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "bench/workloads/dst_series/steps.hpp"
#include "bench/workloads/netpath/objects/rw_lock.hpp"

namespace getput::bench::dst_series {

using SharedWord = std::atomic<std::int32_t>;

/// What all workers use: one neighbour, one device, one route. A line for each.
struct World {
  struct alignas(64) Neighbour {
    netpath::RwLock lock;
    SharedWord refs{1};
    std::array<std::uint8_t, 16> hardware_header{};
  };
  alignas(64) Neighbour neighbour;
  alignas(64) SharedWord hh_refs{1};
  alignas(64) SharedWord in_device_refs{1};
  alignas(64) SharedWord fib_clntref{1};
  alignas(64) SharedWord device_refs{1};
  alignas(64) SharedWord dst_entries{0};
};

/// A dst_entry.
struct alignas(64) Dst {
  Dst* next = nullptr;
  World::Neighbour* neighbour = nullptr;
  std::uint64_t expires = 0;
  alignas(64) SharedWord refs{0};
};

inline constexpr std::size_t kBatch = 64;

/// What a worker has to itself.
struct alignas(128) Sender {
  std::array<std::uint8_t, 64 * kBatch> ring{};  ///< transmit descriptors
  Dst* free = nullptr;
  Dst* retired = nullptr;  ///< freed, and waiting for a grace period
  std::size_t retired_count = 0;
  std::int64_t device_refs = 0;
  std::int64_t dst_entries = 0;
  std::unique_ptr<Dst[]> memory;
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;  ///< frames without memory for a route
};

/// Routes of one worker; as many as may wait for a grace period, and a batch.
inline constexpr std::size_t kRoutes = 4096;

namespace detail {

template <std::uint8_t Bits>
[[gnu::always_inline]] inline void hold_route(World& world, Sender& sender, Dst& dst) noexcept {
  dst.refs.store(1, std::memory_order_relaxed);
  dst.neighbour = &world.neighbour;
  world.in_device_refs.fetch_add(1, std::memory_order_relaxed);
  if constexpr ((Bits & kInDevice) != 0) {
    world.in_device_refs.fetch_sub(1, std::memory_order_release);
    world.in_device_refs.fetch_add(1, std::memory_order_relaxed);
  }
  if constexpr ((Bits & kFibInfo) != 0)
    world.fib_clntref.fetch_add(1, std::memory_order_relaxed);
  if constexpr ((Bits & kDevice) != 0)
    world.device_refs.fetch_add(1, std::memory_order_relaxed);
  else
    ++sender.device_refs;
  if constexpr ((Bits & kEntries) != 0)
    world.dst_entries.fetch_add(1, std::memory_order_relaxed);
  else
    ++sender.dst_entries;
  if constexpr ((Bits & kNeighbour) != 0)
    world.hh_refs.fetch_add(1, std::memory_order_relaxed);
}

template <std::uint8_t Bits>
[[gnu::always_inline]] inline void put_route(World& world, Sender& sender) noexcept {
  if constexpr ((Bits & kNeighbour) != 0)
    world.hh_refs.fetch_sub(1, std::memory_order_release);
  if constexpr ((Bits & kEntries) != 0)
    world.dst_entries.fetch_sub(1, std::memory_order_release);
  else
    --sender.dst_entries;
  if constexpr ((Bits & kDevice) != 0)
    world.device_refs.fetch_sub(1, std::memory_order_release);
  else
    --sender.device_refs;
  if constexpr ((Bits & kFibInfo) != 0)
    world.fib_clntref.fetch_sub(1, std::memory_order_release);
  world.in_device_refs.fetch_sub(1, std::memory_order_release);
}

/// neigh_hh_output: the header in front of the frame.
template <std::uint8_t Bits>
[[gnu::always_inline]] inline void transmit(Sender& sender, Dst& dst, std::size_t slot) noexcept {
  World::Neighbour& neighbour = *dst.neighbour;
  if constexpr ((Bits & kNeighbour) != 0)
    neighbour.lock.lock_shared();
  std::memcpy(sender.ring.data() + slot * 64, neighbour.hardware_header.data(), 16);
  if constexpr ((Bits & kNeighbour) != 0)
    neighbour.lock.unlock_shared();
}

}  // namespace detail

/// Sends a batch; returns how many frames went out.
template <std::uint8_t Bits>
[[gnu::always_inline]] inline std::size_t send_batch(World& world, Sender& sender) noexcept {
  std::size_t sent = 0;
  for (; sent < kBatch && sender.free != nullptr; ++sent) {
    Dst* dst = sender.free;
    sender.free = dst->next;
    detail::hold_route<Bits>(world, sender, *dst);
    detail::transmit<Bits>(sender, *dst, sent);
    detail::put_route<Bits>(world, sender);
    dst->refs.fetch_sub(1, std::memory_order_release);
    Dst*& list = (Bits & kGracePeriod) != 0 ? sender.retired : sender.free;
    dst->next = list;
    list = dst;
    sender.retired_count += (Bits & kGracePeriod) != 0 ? 1U : 0U;
  }
  sender.sent += sent;
  sender.lost += kBatch - sent;
  return sent;
}

}  // namespace getput::bench::dst_series
