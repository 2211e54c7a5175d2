// SPDX-License-Identifier: MIT
// The cell of netpath, for every scheme: it sees the path and its modules through LoadedPath.
//
// A trial loads the modules nic, udp and tcp with the scheme's reference counts, lets each worker
// pass once over its share of the frames (for the books, and to warm up), times bursts of packets
// between the controls, drains everything, checks the books, and unloads the modules again.
//
// What a level adds to a packet is far less than what a packet varies by: memory lies differently
// in every process. So each burst is paired with one of the same length at level 0, over the same
// frames and tables, in turn before and after it; the metric l0_ns is what those took. Not at L3,
// where the tables hold references that the path of level 0 knows nothing of.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/engine/team.hpp"
#include "bench/oracle/oracle.hpp"
#include "bench/workloads/netpath/books.hpp"
#include "bench/workloads/netpath/grid.hpp"
#include "bench/workloads/netpath/network.hpp"

namespace getput::bench::netpath {

/// The three modules of one trial and the path through them, compiled for one scheme. Each call is
/// one a burst or rarer, so that nothing timed makes a virtual call.
class LoadedPath {
 public:
  LoadedPath() = default;
  LoadedPath(const LoadedPath&) = delete;
  LoadedPath& operator=(const LoadedPath&) = delete;
  virtual ~LoadedPath() = default;

  /// One timed burst of one worker; qsbr-offline while it waits at the gate.
  virtual void burst(Level level, Core& core, WorkerContext& worker) = 0;
  /// The worker passes once over its share, untimed: the account of every frame of the input.
  virtual void pass(Level level, Core& core) = 0;
  /// Level 3: what is in the tables takes its references, as it did when it was created. Returns
  /// how many.
  virtual std::uint64_t charge_objects() = 0;
  virtual void discharge_objects() = 0;
  /// With nobody inside; what does not go as it must goes to @p verdict.
  virtual void unload(Verdict& verdict) = 0;
};

/// Loads the modules. @p raw: a raw socket listens too.
using LoadPath = std::unique_ptr<LoadedPath> (*)(Network& network, bool raw);

class NetpathCell final : public Cell {
 public:
  NetpathCell(const Params& params, Input input, std::shared_ptr<Network> network, LoadPath load);

  Measurement run(TrialContext& trial) override;

 private:
  BurstReport burst(LoadedPath& path, Level level, Cores& cores, TrialContext& trial);
  void run_uncharged(LoadedPath& path, Cores& cores, TrialContext& trial,
                     std::vector<BurstReport>& kept);
  Cores make_cores(const RxRings& rings, Team& team);
  Account one_pass(LoadedPath& path, Cores& cores, Team& team, Verdict& verdict);
  std::uint64_t charge_objects(LoadedPath& path, Team& team);
  void discharge_objects(LoadedPath& path, Team& team);

  const Params params_;
  const Input input_;
  const std::shared_ptr<Network> network_;
  const LoadPath load_;
  std::optional<Account> pass_;  ///< of the first attempt
};

/// The cell that @p spec names.
std::unique_ptr<Cell> make_cell(const CellSpec& spec, const GridRequest& request, LoadPath load);

}  // namespace getput::bench::netpath
