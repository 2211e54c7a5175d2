// SPDX-License-Identifier: MIT
// Charge levels: at which events of the packet path a module reference is taken. The numbers are
// those of the question's history, so that some are missing: levels 1, 2 and 4 do nothing on a
// packet path that levels 0, 3 and 5 do not do.
//
//   L0  never: nothing may be unloaded. The floor.
//   L3  one reference for each object as long as it lives: devices, table entries, sockets. On the
//       packet path only sockets come and go (a TCP segment with FIN or RST closes one, the next
//       segment of that flow opens one), and entries that a lookup did not find.
//   L5  one reference for each use: receiving device, route, policy, then socket or neighbour, and
//       the sending device once for each batch of completions.
//   L6  one reference for each sk_buff, from allocation to the free, clones included.
//   L7  L5 and L6.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace getput::bench::netpath {

enum class Level : std::uint8_t { l0, l3, l5, l6, l7 };

inline constexpr std::array<Level, 5> kLevels = {Level::l0, Level::l3, Level::l5, Level::l6,
                                                 Level::l7};

constexpr std::string_view name(Level level) noexcept {
  constexpr std::array<std::string_view, 5> kNames = {"L0", "L3", "L5", "L6", "L7"};
  return kNames[static_cast<std::size_t>(level)];
}

constexpr bool charges_objects(Level level) noexcept {
  return level == Level::l3;
}
constexpr bool charges_uses(Level level) noexcept {
  return level == Level::l5 || level == Level::l7;
}
constexpr bool charges_packets(Level level) noexcept {
  return level == Level::l6 || level == Level::l7;
}

}  // namespace getput::bench::netpath
