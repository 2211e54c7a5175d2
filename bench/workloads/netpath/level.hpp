// SPDX-License-Identifier: MIT
// Charge levels: at which events of the packet path a module reference is taken.
//
// A level is one row of kLevels. Its Charge is a template argument of the path, so that a path
// contains the code of its own level only; two levels with the same Charge share that code. To add
// a level, add a row.
//
// The ids L0 to L7 number the proposals of 2002 to 2004 in the order of what they charge
// (docs/netpath.md has the sources). The others are later ways to pay less for the same safety.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace getput::bench::netpath {

/// How the sk_buffs of a level pin the module of the device that received them.
enum class PacketRefs : std::uint8_t {
  none,
  each,      ///< one reference from allocation to free, clones included
  poll,      ///< one reference for all packets of a poll; the last one freed gives it back
  recycled,  ///< taken for a new head and kept while the head is recycled
  split,     ///< a plain count of allocations and one of frees, compared at unload only
  queue,     ///< one reference of the receive queue's own count, under the lock that the poll holds
};

/// How the use of an object pins the module that the object belongs to.
enum class UseRefs : std::uint8_t {
  none,
  checked,  ///< try_module_get: every use can be refused
  no_fail,  ///< __module_get where the packet holds a reference already, try_module_get elsewhere
};

/// What a level charges.
struct Charge {
  bool object = false;  ///< an object as long as it exists
  bool device = false;  ///< every reference to a device
  UseRefs use = UseRefs::none;
  PacketRefs packet = PacketRefs::none;
  friend bool operator==(const Charge&, const Charge&) = default;
};

/// How the cost of a level is obtained.
enum class Obtained : std::uint8_t {
  measured,  ///< against level 0 in the same trial
  computed,  ///< references per packet times the price of a pair: too rare to be timed
};

struct Level {
  std::string_view id;
  std::string_view name;
  std::string_view summary;
  std::string_view precedent;
  Charge charge;
  Obtained obtained = Obtained::measured;
  /// The level counts without the scheme under test; only the control `none` has a cell.
  bool without_scheme = false;
};

// clang-format off
inline constexpr std::array kLevels = {
    Level{"L0", "never", "no reference; the module cannot be unloaded",
          "Linus Torvalds, Rusty Russell 2002", {}, Obtained::measured, true},
    Level{"L1", "per registration", "one reference per registered device or protocol",
          "Alan Stern 2004; netdev_wait_allrefs", {}, Obtained::computed, true},
    Level{"L2", "per open", "one reference per open device and per socket",
          "Linux 2.4 dev_open, sock_create", {}, Obtained::computed, true},
    Level{"L3", "per object", "one reference per route, neighbour, policy and socket, TIME_WAIT included",
          "Linux 6.x sk_prot_alloc, inet_twsk_alloc", {.object = true}, Obtained::computed, true},
    Level{"L4", "per device hold", "one reference with every dev_hold",
          "Rusty Russell 2003", {.device = true}},
    Level{"L5", "per object use", "one reference per use of a device, route, policy, socket or neighbour",
          "David Miller 2003", {.use = UseRefs::checked}},
    Level{"L6", "per sk_buff", "one reference per sk_buff, clones included",
          "David Miller 2003", {.packet = PacketRefs::each}},
    Level{"L7", "per use and sk_buff", "L5 and L6 together",
          "David Miller 2003", {.use = UseRefs::checked, .packet = PacketRefs::each}},
    Level{"grace", "grace period only", "no reference; unload waits until every poll has ended once",
          "Rusty Russell's FAQ: a callee that cannot sleep", {}, Obtained::computed, true},
    Level{"bulk", "per poll", "one reference for all sk_buffs of a poll",
          "pktgen: refcount_add(burst)", {.packet = PacketRefs::poll}},
    Level{"nofail", "per use and sk_buff, no-fail", "L7, with __module_get where the packet's reference vouches",
          "Linux __module_get", {.use = UseRefs::no_fail, .packet = PacketRefs::each}},
    Level{"recycled", "per sk_buff head", "a reference stays with the head while the cache recycles it",
          "SKB recycling 2003", {.packet = PacketRefs::recycled}},
    Level{"locked", "per sk_buff under a lock", "one reference of the receive queue's count, inside the lock of the poll",
          "Alan Stern 2004", {.packet = PacketRefs::queue}},
    Level{"split", "hold and release counts", "plain counts of allocated and freed sk_buffs per receive queue",
          "Linux page_pool", {.packet = PacketRefs::split}, Obtained::measured, true},
};
// clang-format on

inline constexpr std::size_t kLevelCount = kLevels.size();

/// The row with this id, or nothing.
constexpr std::optional<std::size_t> find_level(std::string_view id) noexcept {
  for (std::size_t i = 0; i < kLevelCount; ++i) {
    if (kLevels[i].id == id)
      return i;
  }
  return std::nullopt;
}

/// The row with this id, for template arguments. An unknown id does not compile.
consteval std::size_t level(std::string_view id) {
  return find_level(id).value();
}

}  // namespace getput::bench::netpath
