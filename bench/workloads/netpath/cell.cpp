// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/cell.hpp"

#include <string>
#include <utility>

#include "bench/trial/schedule.hpp"
#include "bench/trial/seed.hpp"
#include "bench/trial/summary.hpp"

namespace getput::bench::netpath {
namespace {

// A few milliseconds hold too few packets for a path of hundreds of nanoseconds.
constexpr double kLonger = 3.0;

// Every attempt begins elsewhere, so that short bursts sample the whole share.
void start_elsewhere(std::uint64_t seed, Cores& cores) {
  for (std::size_t rank = 0; rank < cores.size(); ++rank)
    cores[rank]->restart(static_cast<std::size_t>(mix(seed ^ rank)));
}

}  // namespace

NetpathCell::NetpathCell(const Params& params, Input input, std::shared_ptr<Network> network,
                         LoadPath load)
    : params_(params), input_(std::move(input)), network_(std::move(network)), load_(load) {
}

Measurement NetpathCell::run(TrialContext& trial) {
  Verdict verdict;
  const auto rings = rings_for(input_, params_.steering, trial.team);
  const std::unique_ptr<LoadedPath> path = load_(*network_, params_.raw_socket);
  Cores cores = make_cores(*rings, trial.team);
  Cores base = make_cores(*rings, trial.team);
  const std::uint64_t charged = charge_objects(*path, trial.team);
  if (!pass_)
    pass_ = one_pass(*path, cores, trial.team, verdict);
  start_elsewhere(trial.seed, cores);
  start_elsewhere(trial.seed, base);

  std::vector<BurstReport> uncharged;
  unsigned calls = 0;
  const auto both = [&](double /*burst_ms*/) {
    const bool base_first = calls++ % 2 == 0;
    if (base_first)
      run_uncharged(*path, base, trial, uncharged);
    BurstReport charged_burst = burst(*path, params_.level, cores, trial);
    if (!base_first)
      run_uncharged(*path, base, trial, uncharged);
    return charged_burst;
  };
  trial.schedule.declare({.burst = both});
  trial.schedule.run();
  const std::vector<BurstReport>& bursts = trial.schedule.kept("subject");

  discharge_objects(*path, trial.team);
  check_books(cores, verdict);
  check_books(base, verdict);
  Measurement result = combine(bursts, "ns/packet");
  result.metrics.update(metrics_of(cores, *input_, *pass_, charged));
  const std::optional<double> l0_ns = combine(uncharged, "ns/packet").ns_per_op;
  result.metrics["l0_ns"] = l0_ns ? Json(*l0_ns) : Json(nullptr);
  cores.clear();
  base.clear();
  path->unload(verdict);
  result.oracle_ok = verdict.ok();
  result.oracle_detail = verdict.detail();
  return result;
}

BurstReport NetpathCell::burst(LoadedPath& path, Level level, Cores& cores, TrialContext& trial) {
  return trial.team.run_burst(
      kLonger * trial.burst_ms / TrialSchedule::kRounds,
      [&](WorkerContext& worker) { path.burst(level, *cores[worker.rank()], worker); });
}

// Keeps the burst only if nothing disturbed it.
void NetpathCell::run_uncharged(LoadedPath& path, Cores& cores, TrialContext& trial,
                                std::vector<BurstReport>& kept) {
  if (charges_objects(params_.level))
    return;
  BurstReport report = burst(path, Level::l0, cores, trial);
  GateFindings gate;
  gate.add(report);
  if (gate.reasons().empty())
    kept.push_back(std::move(report));
}

Cores NetpathCell::make_cores(const RxRings& rings, Team& team) {
  Cores cores(team.size());
  team.run_task([&](WorkerContext& worker) {
    cores[worker.rank()] = std::make_unique<Core>(*rings[worker.rank()], network_->socket_memory);
  });
  return cores;
}

Account NetpathCell::one_pass(LoadedPath& path, Cores& cores, Team& team, Verdict& verdict) {
  team.run_task([&](WorkerContext& worker) { path.pass(params_.level, *cores[worker.rank()]); });
  check_pass(cores, *input_, verdict);
  check_books(cores, verdict);
  return sum_of(cores);
}

// One worker does it, for a scheme that one thread only may use.
std::uint64_t NetpathCell::charge_objects(LoadedPath& path, Team& team) {
  std::uint64_t charged = 0;
  if (charges_objects(params_.level)) {
    team.run_task([&](WorkerContext& worker) {
      if (worker.rank() == 0)
        charged = path.charge_objects();
    });
  }
  return charged;
}

void NetpathCell::discharge_objects(LoadedPath& path, Team& team) {
  if (charges_objects(params_.level)) {
    team.run_task([&](WorkerContext& worker) {
      if (worker.rank() == 0)
        path.discharge_objects();
    });
  }
}

std::unique_ptr<Cell> make_cell(const CellSpec& spec, const GridRequest& request, LoadPath load) {
  const Params params = Params::from_json(spec.params);
  Input input = input_for(params.capture ? request.pcap : std::string());
  std::shared_ptr<Network> network = network_for(input);
  return std::make_unique<NetpathCell>(params, std::move(input), std::move(network), load);
}

}  // namespace getput::bench::netpath
