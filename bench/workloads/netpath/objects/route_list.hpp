// SPDX-License-Identifier: MIT
// The routes that were put into a Fib, for its builder alone: which next hop has this very prefix?
//
// Open addressing with linear probing in huge pages. With a node for each of a million routes, as
// std::unordered_map has, building a table took twice as long.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/workloads/netpath/input/packet.hpp"
#include "bench/workloads/netpath/objects/huge_memory.hpp"

namespace getput::bench::netpath {

/// Number of a next hop; 0: there is no route.
using NextHop = std::uint32_t;

struct Prefix {
  Address address;
  std::uint32_t length = 0;  ///< of 128 bits, in both families
  friend bool operator==(const Prefix&, const Prefix&) = default;
};

class RouteList {
 public:
  /// Throws std::bad_alloc.
  RouteList();

  NextHop find(const Prefix& prefix) const noexcept { return slots()[place(prefix)].next_hop; }
  /// Adds or changes a route; true if it is new. Throws std::bad_alloc and has changed nothing.
  bool assign(const Prefix& prefix, NextHop next_hop);
  /// False: there is no such route.
  bool erase(const Prefix& prefix) noexcept;

  std::size_t size() const noexcept { return size_; }

 private:
  struct Slot {
    Address address;
    std::uint32_t length = 0;
    NextHop next_hop = 0;  ///< 0: the slot is empty
  };

  Slot* slots() const noexcept { return reinterpret_cast<Slot*>(memory_.data()); }
  std::size_t home(const Prefix& prefix) const noexcept;
  std::size_t place(const Prefix& prefix) const noexcept;
  void resize(std::size_t slots);

  HugeMemory memory_;
  std::size_t mask_ = 0;  ///< slots less one
  std::size_t size_ = 0;
};

}  // namespace getput::bench::netpath
