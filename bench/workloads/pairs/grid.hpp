// SPDX-License-Identifier: MIT
// The cells of the question "what does a pair cost?", and which of them a scheme can do.
#pragma once

#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/catalog/registry.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::pairs {

/// What is so while the pairs are measured.
enum class State : std::uint8_t {
  live,   ///< nothing else
  held,   ///< each thread has a reference besides, taken before and put after the burst
  going,  ///< as held, and the object has been stopped: a pair is a holder's get() and a put
};

/// The parameters of a cell, as its name has them.
struct Params {
  unsigned threads = 1;
  bool own_objects = false;   ///< object:own, an object (or `objects` of them) for each thread
  unsigned objects = 1;       ///< how many objects a thread goes round; a power of two
  unsigned hold_ns = 0;       ///< time between get and put, spent outside memory
  bool put_by_other = false;  ///< put:other, the ticket goes to the next thread, which puts
  State state = State::live;
  /// inside:chain, the thread multiplies under the reference (chain.hpp). Cells of back-to-back
  /// pairs lack the key, so that they keep the names that they had before it.
  bool inside_chain = false;

  Json to_json() const;
  static Params from_json(const Json& json);
};

inline constexpr const char* kName = "pairs";
inline constexpr const char* kSummary =
    "what one try_get and its put cost: threads x shared or own object x number of objects x hold "
    "time x put by the same or another thread x live, held or going; or what they add to other "
    "work";

/// Empty, or why a scheme with this contract cannot do it.
std::string impossible(const SchemeInfo& info, const Params& params);

/// All cells of one scheme.
std::vector<CellSpec> enumerate(const SchemeInfo& info, const GridRequest& request);

}  // namespace getput::bench::pairs
