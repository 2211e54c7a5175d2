// SPDX-License-Identifier: MIT
// The cells of the question "what does it cost per packet?", and which of them a scheme can do.
#pragma once

#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/catalog/registry.hpp"
#include "bench/workloads/netpath/level.hpp"
#include "bench/workloads/netpath/rx_ring.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::netpath {

/// The parameters of a cell, as its name has them.
struct Params {
  Level level = Level::l0;
  unsigned threads = 1;
  Steering steering = Steering::rss;
  bool capture = false;     ///< input:pcap, the frames of a file; else input:imix, generated
  bool raw_socket = false;  ///< raw:1, a raw socket gets a clone of every packet for this host

  Json to_json() const;
  static Params from_json(const Json& json);
};

inline constexpr const char* kName = "netpath";
inline constexpr const char* kSummary =
    "what it costs per packet of a receive path to count references at the events of a charge "
    "level: L0 never, L3 object created, L5 object used, L6 sk_buff, L7 both";

/// Empty, or why a scheme with this contract cannot do it.
std::string impossible(const SchemeInfo& info, const Params& params);

/// All cells of one scheme. Reads the capture, if one is asked for: throws RequestError.
std::vector<CellSpec> enumerate(const SchemeInfo& info, const GridRequest& request);

}  // namespace getput::bench::netpath
