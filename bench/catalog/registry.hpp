// SPDX-License-Identifier: MIT
// Every scheme of this binary with the workloads instantiated for it.
//
// The registry is filled before main() by one generated translation unit for each scheme (see
// register_scheme.hpp); it is read only from then on.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench {

/// What the user asked the grid of cells to cover.
struct GridRequest {
  std::vector<unsigned> threads;    ///< ascending, each at most the number of allowed PUs
  std::vector<std::string> places;  ///< placement policies, as topology names them
  std::string pcap;                 ///< capture file of netpath; empty: the generated traffic
  std::string unavailable;          ///< why the scheme cannot run here; "" when it can
  std::string traffic;              ///< of netpath's generator; empty: its default
  double time_wait_ms = 1.0;        ///< how long netpath's TCP connections stay in TIME_WAIT
  unsigned local_percent = 50;  ///< share of netpath's destination networks that are this host's
};

/// One workload as instantiated for one scheme.
struct WorkloadEntry {
  std::string name;
  std::string summary;
  Json details = Json::object();  ///< what else `--getput_list` shows of it
  /// All cells, possible or not, in a fixed order. Does not construct a scheme.
  std::function<std::vector<CellSpec>(const GridRequest&)> enumerate;
  /// A cell that enumerate() gave with possible == true.
  std::function<std::unique_ptr<Cell>(const CellSpec&, const GridRequest&)> make;
};

/// One scheme.
struct SchemeEntry {
  SchemeInfo info;
  std::string folder;                        ///< "counter", "distributed", ...
  std::function<std::string()> unavailable;  ///< "" or why it cannot run on this machine
  std::vector<WorkloadEntry> workloads;
  bool session = false;  ///< timed inside an S::Session where a workload can open one
  /// Hunts the scheme for so many seconds in this process and returns the rounds done, see
  /// oracle/hunt.hpp; empty where removal is not defined.
  std::function<std::uint64_t(double seconds)> hunt = {};
};

/// All schemes, ordered by folder and name.
class Registry {
 public:
  static Registry& instance();

  void add(SchemeEntry entry);
  const std::vector<SchemeEntry>& schemes() const noexcept { return schemes_; }

  /// Every cell of every scheme for this request.
  std::vector<CellSpec> cells(const GridRequest& request) const;
  /// The runnable form of a cell; throws RequestError (with the reason) when it is not possible.
  std::unique_ptr<Cell> make(const CellSpec& spec, const GridRequest& request) const;

  std::vector<std::string> scheme_names() const;
  std::vector<std::string> workload_names() const;

 private:
  std::vector<SchemeEntry> schemes_;
};

}  // namespace getput::bench
