// SPDX-License-Identifier: MIT
// What the command line asks of the binary: getput's own flags. All others belong to Google
// Benchmark.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/catalog/registry.hpp"

namespace getput::bench {

struct Options {
  bool list = false;
  bool env = false;
  std::string plan;     ///< run this plan ...
  std::string out;      ///< ... into this file
  std::string threads;  ///< "1,2,4"; empty: 1, 2, 4 .. all allowed PUs
  std::string places = "compact";
  std::string pcap;
  std::string traffic;  ///< netpath's generator, for example "imix,flows=256"
  unsigned local_percent = 50;
  double time_wait_ms = 1.0;
  std::string hunt;               ///< hunt this scheme ...
  double hunt_s = 5.0;            ///< ... for at most so many seconds
  std::string replay;             ///< execute this cell's timed code for a tool that counts ...
  std::uint64_t passes = 1;       ///< ... over so many passes of its input
  bool hunt_child = false;        ///< internal: this process is the one that may die
  bool hunt_safe = false;         ///< internal, for tests: hunt a safe scheme too
  std::vector<std::string> rest;  ///< for Google Benchmark, in order

  /// Exits the program (0) after --help; throws RequestError for a flag that is wrong by itself.
  static Options parse(int argc, char** argv);

  /// The grid these options ask for; throws RequestError when the machine has fewer PUs.
  GridRequest grid() const;
  /// @p request with the input of netpath that these options name.
  GridRequest with_input(GridRequest request) const;
};

/// 1, 2, 4, .. and `most` itself.
std::vector<unsigned> default_threads(unsigned most);

/// "1,2,8" or "1-4", ascending and without doubles; throws RequestError for anything else and for
/// more than `most`.
std::vector<unsigned> parse_threads(const std::string& text, unsigned most);

}  // namespace getput::bench
