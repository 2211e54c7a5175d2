// SPDX-License-Identifier: MIT
// The cell of netpath, for every scheme: it sees the path and its modules through LoadedPath.
//
// A trial loads the modules nic, udp and tcp with the scheme's reference counts, measures slices of
// the charged path against slices of the path at level 0 on the same cores, frames and tables,
// drains everything, checks the books, and unloads the modules again. The first trial of a cell
// also passes once over the input, untimed, and accounts for every frame and every reference.
//
// At level 0 both arms are the same code: that cell measures what the method resolves.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/engine/team.hpp"
#include "bench/oracle/oracle.hpp"
#include "bench/trial/sliced.hpp"
#include "bench/workloads/netpath/books.hpp"
#include "bench/workloads/netpath/grid.hpp"
#include "bench/workloads/netpath/level_code.hpp"
#include "bench/workloads/netpath/objects/network.hpp"
#include "bench/workloads/netpath/uncharged.hpp"

namespace getput::bench::netpath {

/// The three modules of one trial, compiled for one scheme. Each call is one per trial or worker,
/// so that nothing timed makes a virtual call.
class LoadedPath {
 public:
  LoadedPath() = default;
  LoadedPath(const LoadedPath&) = delete;
  LoadedPath& operator=(const LoadedPath&) = delete;
  virtual ~LoadedPath() = default;

  /// PathModules of the scheme.
  virtual const void* modules() const noexcept = 0;
  /// PathModules<Uncharged>: the same call tables and no reference.
  virtual const void* uncharged_modules() const noexcept = 0;
  /// Calls @p body on this thread inside the scheme's ThreadGuard.
  virtual void guarded(const std::function<void()>& body) const = 0;
  /// Gives each core's receive queue a count of its own (PacketRefs::queue). Before the slices.
  virtual void attach_queue_counts(Cores& cores) = 0;
  /// Requires that no reference is held. Failures go to @p verdict.
  virtual void unload(Verdict& verdict) = 0;
};

/// Loads the modules. Throws EnvironmentError with the loader's message.
using LoadPath = std::unique_ptr<LoadedPath> (*)();

class NetpathCell final : public Cell {
 public:
  /// @p code: the level of @p params, compiled for the scheme that @p load counts with.
  NetpathCell(const Params& params, Input input, std::shared_ptr<Network> network, LoadPath load,
              const LevelCode& code, double time_wait_ms = 0.0);

  Measurement run(TrialContext& trial) override;
  /// See replay.cpp.
  Json replay(const ReplayRequest& request) override;

 private:
  Cores make_cores(const RxRings& rings, Team& team);
  /// Calls @p body on each worker, online in urcu-qsbr, with the context of the path at level 0.
  void on_workers(Team& team, const LoadedPath& path,
                  const std::function<void(WorkerContext&, const PathContext&)>& body) const;
  /// One pass over the input that counts the references of a level; checks its books.
  Account pass(std::size_t level, const RxRings& rings, Team& team, const LoadedPath& path,
               Verdict& verdict);
  /// References per packet of the levels that are computed and not measured.
  Json computed_levels(const RxRings& rings, Team& team, const LoadedPath& path, Verdict& verdict);
  bool cores_meet() const noexcept;
  // work_pilot.cpp
  double pilot_ns(Team& team, const LoadedPath& path, Cores& cores);
  unsigned set_work(Team& team, const LoadedPath& path, Cores& cores);
  Measurement measure(TrialContext& trial, const LoadedPath& path, Cores& cores);

  // replay.cpp
  struct ReplayStage {
    Team& team;
    const RxRings& rings;
    LoadedPath& path;
    Verdict& verdict;
  };
  using ReplayCall = void (*)(SliceCode, const PathContext&, Core&, Slice&);
  /// On a new core: one uncounted pass of the arm, then so many passes through @p call.
  void replay_arm(const ReplayStage& stage, std::uint8_t arm, std::uint64_t passes,
                  ReplayCall call);

  const Params params_;
  const Level& level_;
  const Input input_;
  const std::shared_ptr<Network> network_;
  const LoadPath load_;
  const LevelCode& code_;
  const Clock::Ticks time_wait_ticks_;
};

/// Finds the compiled code of a level and variant; null: not in this binary.
using FindCode = const LevelCode* (*)(std::size_t level, Variant);

/// The cell that @p spec names.
std::unique_ptr<Cell> make_cell(const CellSpec& spec, const GridRequest& request, LoadPath load,
                                FindCode find_code);

}  // namespace getput::bench::netpath
