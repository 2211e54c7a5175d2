// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/cell.hpp"

#include <string>
#include <utility>

#include "bench/engine/errors.hpp"
#include "bench/trial/schedule.hpp"
#include "bench/trial/seed.hpp"

namespace getput::bench::netpath {
namespace {

// Every attempt begins elsewhere, so that short trials sample the whole share.
void start_elsewhere(std::uint64_t seed, Cores& cores) {
  for (std::size_t rank = 0; rank < cores.size(); ++rank)
    cores[rank]->restart(static_cast<std::size_t>(mix(seed ^ rank)));
}

}  // namespace

NetpathCell::NetpathCell(const Params& params, Input input, std::shared_ptr<Network> network,
                         LoadPath load, const LevelCode& code)
    : params_(params),
      input_(std::move(input)),
      network_(std::move(network)),
      load_(load),
      code_(code) {
}

Measurement NetpathCell::run(TrialContext& trial) {
  Verdict verdict;
  const auto rings = rings_for(input_, params_.steering, trial.team);
  const std::unique_ptr<LoadedPath> path = load_();
  std::optional<Account> pass_account;
  std::optional<double> level3;
  if (trial.number == 0) {
    pass_account = pass(params_.level, *rings, trial.team, *path, verdict);
    if (params_.level == Level::l0)
      level3 = pass(Level::l3, *rings, trial.team, *path, verdict).gets_per_packet();
  }
  Cores cores = make_cores(*rings, trial.team);
  start_elsewhere(trial.seed, cores);
  Measurement result = measure(trial, *path, cores);

  check_books(cores, verdict);
  result.metrics.update(metrics_of(cores, *input_, pass_account));
  if (level3)
    result.metrics["gets_l3_per_packet"] = *level3;
  if (!result.difference.is_null())
    result.metrics["l0_ns"] = result.difference["baseline_ns"];
  cores.clear();
  path->unload(verdict);
  result.oracle_ok = verdict.ok();
  result.oracle_detail = verdict.detail();
  return result;
}

Measurement NetpathCell::measure(TrialContext& trial, const LoadedPath& path, Cores& cores) {
  const bool shared_flows = params_.steering == Steering::spray;
  std::vector<QsbrThread*> readers(trial.team.size());
  SlicedArms arms;
  arms.baseline = name(Level::l0);
  arms.copies = kCopies;
  arms.work.around = [&](WorkerContext& worker, const std::function<void()>& slices) {
    path.guarded([&] {
      QsbrThread reader;
      readers[worker.rank()] = &reader;
      reader.online();
      slices();
    });
  };
  arms.work.run = [&](WorkerContext& worker, SliceStep step, Slice& slice) {
    Core& core = *cores[worker.rank()];
    Meeting meeting{worker, *readers[worker.rank()]};
    const bool charged = step.arm == kSubject;
    const PathContext context{*network_, charged ? path.modules() : path.uncharged_modules(),
                              params_.raw_socket, shared_flows ? &meeting : nullptr};
    (charged ? code_ : uncharged_code())[step.copy](context, core, slice);
  };
  SliceSettings settings;
  settings.total_ms = trial.slices_ms * (params_.level == Level::l0 ? kTimesAtLevel0 : 1.0);
  settings.seed = trial.seed;
  settings.planted_ns = trial.planted_ns;
  return trial.schedule.run_slices(arms, settings, "ns/packet");
}

Cores NetpathCell::make_cores(const RxRings& rings, Team& team) {
  Cores cores(team.size());
  team.run_task([&](WorkerContext& worker) {
    cores[worker.rank()] = std::make_unique<Core>(*rings[worker.rank()], network_->socket_memory);
  });
  return cores;
}

void NetpathCell::on_workers(Team& team, const LoadedPath& path,
                             const std::function<void(WorkerContext&)>& body) const {
  team.run_task([&](WorkerContext& worker) {
    path.guarded([&] {
      QsbrThread reader;
      reader.online();
      body(worker);
    });
  });
}

Account NetpathCell::pass(Level level, const RxRings& rings, Team& team, const LoadedPath& path,
                          Verdict& verdict) {
  Cores cores = make_cores(rings, team);
  const PathContext context{*network_, path.uncharged_modules(), params_.raw_socket};
  on_workers(team, path, [&](WorkerContext& worker) {
    if (charges_objects(level) && worker.rank() == 0)
      prepare_object_references(*network_);
  });
  on_workers(team, path, [&](WorkerContext& worker) {
    count_references(level, context, *cores[worker.rank()]);
  });
  check_pass(cores, *input_, verdict);
  check_books(cores, verdict);
  return sum_of(cores);
}

std::unique_ptr<Cell> make_cell(const CellSpec& spec, const GridRequest& request, LoadPath load,
                                const std::function<const LevelCode*(Level)>& find_code) {
  const Params params = Params::from_json(spec.params);
  const LevelCode* code = find_code(params.level);
  if (code == nullptr)
    throw RequestError("cell " + spec.name + ": " + not_compiled(params.level));
  Input input = input_for(params.capture ? request.pcap : std::string());
  std::shared_ptr<Network> network = network_for(input);
  return std::make_unique<NetpathCell>(params, std::move(input), std::move(network), load, *code);
}

}  // namespace getput::bench::netpath
