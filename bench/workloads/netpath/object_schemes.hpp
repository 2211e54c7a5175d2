// SPDX-License-Identifier: MIT
// Which schemes count the objects of a path, and which table finds its sockets.
#pragma once

#include "bench/workloads/netpath/era.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::netpath {

/// The schemes that count the objects of a path.
template <Scheme Dst_, Scheme Device_, Scheme Neighbour_, Scheme Policy_, Scheme Socket_>
struct ObjectSchemes {
  using Dst = Dst_;
  using Device = Device_;
  using Neighbour = Neighbour_;
  using Policy = Policy_;
  using Socket = Socket_;
  static constexpr Tables kTables = Tables::hlist;
};

/// The same, with the sockets in liburcu's table.
template <class Objects>
struct InLfht : Objects {
  static constexpr Tables kTables = Tables::lfht;
};

}  // namespace getput::bench::netpath
