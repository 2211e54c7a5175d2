// SPDX-License-Identifier: MIT
// The steps of Eric Dumazet's series of autumn 2010, each of which took one shared reference out of
// Linux's transmit path, with the published measurements.
//
// The published bench: 160 million UDP frames to one neighbour over one device, route cache off, so
// that each frame allocates and frees a route (dst_entry); two E5540, 16 threads. The figures are
// CPU time per frame, (user + system) / frames, computed from the wall, user and system times in
// the commit messages. Facts about the commits; no code is taken from them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace getput::bench::dst_series {

/// What a frame still shares with the frames of other CPUs; bits.
enum Shared : std::uint8_t {
  kNeighbour = 1U << 0U,    ///< hh_refcnt, and the neighbour's reader-writer lock
  kInDevice = 1U << 1U,     ///< two further touches of in_device's count
  kFibInfo = 1U << 2U,      ///< fib_clntref
  kDevice = 1U << 3U,       ///< net_device's count as one word; else per CPU
  kEntries = 1U << 4U,      ///< dst_ops.entries as one word; else a count per CPU
  kGracePeriod = 1U << 5U,  ///< the dst is freed after a grace period; else at once
};

/// One commit.
struct Step {
  std::string_view id;      ///< in the cell's name
  std::string_view commit;  ///< of Linux
  std::string_view removed;
  double before_us;  ///< published CPU time per frame; 0: not a commit but a control
  double after_us;
  std::uint8_t shared_before;  ///< Shared bits of the path before the commit
  std::uint8_t shared_after;
};

inline constexpr std::array kSteps = {
    Step{"hh", "c7d4426a98a5", "hh_refcnt pair and the neighbour's rwlock", 13.69, 7.60, 0x3f,
         0x3e},
    Step{"in_device", "dd28d1a0b5ec", "two of three touches of in_device", 9.46, 8.87, 0x3e, 0x3c},
    Step{"fib_info", "ebc0ffae5dfb", "fib_clntref pair", 8.87, 6.03, 0x3c, 0x38},
    Step{"net_device", "29b4433d991c", "net_device count, to per CPU", 4.94, 3.95, 0x38, 0x30},
    Step{"entries", "fc66f95c68b6", "dst_ops.entries, to percpu_counter", 3.95, 3.82, 0x30, 0x20},
    Step{"rcu_free", "27b75c95f10d", "RCU free of a one-shot dst", 3.04, 2.96, 0x20, 0x00},
    // The null control of the series.
    Step{"control", "", "nothing: both arms run the same path", 0.0, 0.0, 0x00, 0x00},
};

}  // namespace getput::bench::dst_series
