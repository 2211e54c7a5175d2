// SPDX-License-Identifier: MIT
// Work on the way of a packet that the path itself does not do: what a whole kernel does between
// the references. How much of a reference's cost hides behind other work depends on that work, so a
// cost per packet is shown against a bare path and against one as long as a kernel's.
//
// Four sites on the way of each packet run the same steps: after the header checks, in the use of
// the route, at the policy check, in the use of the socket or the neighbour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace getput::bench::netpath {

enum class WorkKind : std::uint8_t {
  bare,     ///< none
  skb,      ///< once a packet: zeroes what a kernel zeroes of a head and its shared info, 552 bytes
  kernel,   ///< loads, independent arithmetic and branches, as long as kKernelNs
  latency,  ///< dependent loads alone, as long: hides most, the optimistic end
};

inline constexpr std::array<std::string_view, 4> kWorkNames = {"bare", "skb", "kernel", "latency"};

constexpr std::string_view name(WorkKind kind) noexcept {
  return kWorkNames[static_cast<std::size_t>(kind)];
}
constexpr std::optional<WorkKind> find_work(std::string_view text) noexcept {
  for (std::size_t i = 0; i < kWorkNames.size(); ++i) {
    if (kWorkNames[i] == text)
      return static_cast<WorkKind>(i);
  }
  return std::nullopt;
}

/// What Linux needs to forward a packet on one core: 1.740 Mpps, E5-1650 v4, single route
/// (Hoiland-Jorgensen et al., "The eXpress Data Path", CoNEXT 2018).
inline constexpr double kKernelNs = 574.8;

/// One worker's share of the work. Memory of its own, 256 KiB: beyond the first-level cache.
class PacketWork {
 public:
  /// How many steps each site runs; 0: none.
  void set(WorkKind kind, unsigned steps);
  unsigned steps() const noexcept { return steps_; }

  [[gnu::always_inline]] void at_site() noexcept {
    if (steps_ != 0) [[unlikely]]
      run();
  }
  /// Only at the first site of a packet.
  [[gnu::always_inline]] void at_first_site() noexcept {
    if (kind_ != WorkKind::bare) [[unlikely]]
      begin();
  }

 private:
  void run() noexcept;
  void begin() noexcept;

  WorkKind kind_ = WorkKind::bare;
  unsigned steps_ = 0;
  std::uint32_t at_ = 0;
  std::uint64_t noise_ = 1;
  std::array<std::uint64_t, 4> sums_{};
  std::vector<std::uint32_t> ring_;  ///< each entry is the index of the next, at random
};

}  // namespace getput::bench::netpath
