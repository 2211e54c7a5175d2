// SPDX-License-Identifier: MIT
// The cells of the question "what does it cost per packet?", and which of them a scheme can do.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/catalog/registry.hpp"
#include "bench/workloads/netpath/era.hpp"
#include "bench/workloads/netpath/input/rx_ring.hpp"
#include "bench/workloads/netpath/level.hpp"
#include "bench/workloads/netpath/work.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::netpath {

/// The parameters of a cell, as its name has them.
struct Params {
  Variant variant;
  std::size_t level = 0;  ///< into kLevels
  unsigned threads = 1;
  Steering steering = Steering::rss;
  bool free_remote = false;  ///< free:remote, another worker frees what this one received
  WorkKind work = WorkKind::bare;
  bool policies = false;        ///< xfrm:1, policies are loaded and every packet is checked
  std::string input = "imix";   ///< the generator's text, or kCapture for the frames of a file
  unsigned local_percent = 50;  ///< local:, share of the destination networks that are this host's
  bool raw_socket = false;      ///< raw:1, a raw socket gets a clone of every packet for this host

  static constexpr const char* kCapture = "pcap";
  bool capture() const { return input == kCapture; }
  Json to_json() const;
  static Params from_json(const Json& json);
};

/// Level 0 against itself bounds the error of every other cell of its era and shape, so it is timed
/// longer by this factor; most in the variant that has every scheme.
constexpr double times_at_level0(Variant variant) noexcept {
  return variant == Variant{} ? 12.0 : 4.0;
}
inline constexpr const char* kName = "netpath";
inline constexpr const char* kSummary =
    "what it costs per packet of a receive path to count module references at the events of a "
    "charge level, beyond level 0 in the same trial";

/// Empty, or why a scheme with this contract cannot do it.
std::string impossible(const SchemeInfo& info, const Params& params);

/// Why a cell whose code is not in this binary cannot be measured, with the remedy.
std::string not_compiled(const Params& params);

/// The levels as `--getput_list` shows them.
Json levels_json();

/// Is the code of a level and variant in this binary for this scheme?
using IsCompiled = std::function<bool(std::size_t level, Variant)>;

/// All cells of one scheme. Level 0 is the same code for every scheme, and some levels count
/// without the scheme under test: only the control `none` has those. Levels that are computed have
/// no cell. Reads the capture, if one is asked for: throws RequestError.
std::vector<CellSpec> enumerate(const SchemeInfo& info, const GridRequest& request,
                                const IsCompiled& compiled);

}  // namespace getput::bench::netpath
