// SPDX-License-Identifier: MIT
// The kernels that the path follows, and the order in which it handles the packets of a poll.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace getput::bench::netpath {

/// Which kernel's references and locks the path takes of its own; see era/.
enum class Era : std::uint8_t {
  linux_2_6,  ///< 2.6.11: route cache, dst_hold, dev_hold, sock_hold, reader-writer locks
  linux_6,    ///< 6.8: FIB, no reference that a grace period can replace
};

enum class Shape : std::uint8_t {
  scalar,  ///< each packet to its end before the next one begins
  staged,  ///< a batch stage by stage, so that cache misses overlap (netif_receive_skb_list, VPP)
};

/// What finds a socket.
enum class Tables : std::uint8_t {
  hlist,  ///< buckets of chains, as the kernel's (objects/table.hpp)
  lfht,   ///< liburcu's lock-free table (objects/lfht_table.hpp), to tell its cost from the path's
};

/// An era, a shape and a table that exist together.
struct Variant {
  Era era = Era::linux_6;
  Shape shape = Shape::staged;
  Tables tables = Tables::hlist;
  friend bool operator==(const Variant&, const Variant&) = default;
};

/// linux_2_6 had no list receive.
inline constexpr std::array kVariants = {
    Variant{Era::linux_6, Shape::staged},
    Variant{Era::linux_6, Shape::scalar},
    Variant{Era::linux_2_6, Shape::scalar},
    Variant{Era::linux_6, Shape::staged, Tables::lfht},
};

constexpr std::string_view name(Era era) noexcept {
  return era == Era::linux_2_6 ? "linux_2_6" : "linux_6";
}
constexpr std::string_view name(Shape shape) noexcept {
  return shape == Shape::scalar ? "scalar" : "staged";
}

constexpr std::string_view name(Tables tables) noexcept {
  return tables == Tables::hlist ? "hlist" : "lfht";
}

constexpr std::optional<Variant> find_variant(std::string_view era, std::string_view shape,
                                              std::string_view tables) noexcept {
  for (const Variant variant : kVariants) {
    if (name(variant.era) == era && name(variant.shape) == shape && name(variant.tables) == tables)
      return variant;
  }
  return std::nullopt;
}

}  // namespace getput::bench::netpath
