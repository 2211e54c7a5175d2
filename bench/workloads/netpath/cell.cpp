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
                         LoadPath load, const LevelCode& code, double time_wait_ms)
    : params_(params),
      level_(kLevels[params.level]),
      input_(std::move(input)),
      network_(std::move(network)),
      load_(load),
      code_(code),
      time_wait_ticks_(Clock::instance().ticks(time_wait_ms * 1e6)) {
}

Measurement NetpathCell::run(TrialContext& trial) {
  Verdict verdict;
  const auto rings = rings_for(input_, params_.steering, trial.team);
  const std::unique_ptr<LoadedPath> path = load_();
  code_.count_objects(*network_);
  std::optional<Account> pass_account;
  Json computed;
  if (trial.number == 0) {
    pass_account = pass(params_.level, *rings, trial.team, *path, verdict);
    if (params_.level == level("L0"))
      computed = computed_levels(*rings, trial.team, *path, verdict);
  }
  Cores cores = make_cores(*rings, trial.team);
  start_elsewhere(trial.seed, cores);
  if (level_.charge.packet == PacketRefs::queue)
    path->attach_queue_counts(cores);
  const unsigned work_steps = set_work(trial.team, *path, cores);
  Measurement result = measure(trial, *path, cores);
  on_workers(trial.team, *path, [&](WorkerContext& worker, const PathContext&) {
    code_.flush({*network_, path->modules(), params_.raw_socket}, *cores[worker.rank()]);
  });

  check_books(cores, verdict);
  result.metrics.update(metrics_of(cores, *input_, pass_account));
  if (!computed.is_null())
    result.metrics["pairs_of_computed_levels"] = std::move(computed);
  if (work_steps != 0)
    result.metrics["work_steps"] = work_steps;
  if (!result.difference.is_null())
    result.metrics["l0_ns"] = result.difference["baseline_ns"];
  path->unload(verdict);
  cores.clear();
  result.oracle_ok = verdict.ok();
  result.oracle_detail = verdict.detail();
  return result;
}

/// Does a worker free what another received?
bool NetpathCell::cores_meet() const noexcept {
  return params_.steering != Steering::rss || params_.free_remote;
}

Measurement NetpathCell::measure(TrialContext& trial, const LoadedPath& path, Cores& cores) {
  std::vector<QsbrThread*> readers(trial.team.size());
  SlicedArms arms;
  arms.baseline = std::string(kLevels[level("L0")].id);
  arms.copies = kCopies;
  arms.work.around = [&](WorkerContext& worker, const std::function<void()>& slices) {
    path.guarded([&] {
      QsbrThread reader;
      readers[worker.rank()] = &reader;
      reader.online();
      slices();
    });
  };
  const LevelCode& uncharged = uncharged_code(params_.variant);
  arms.work.run = [&](WorkerContext& worker, SliceStep step, Slice& slice) {
    Core& core = *cores[worker.rank()];
    Meeting meeting{worker, *readers[worker.rank()]};
    const bool charged = step.arm == kSubject;
    const PathContext context{*network_, charged ? path.modules() : path.uncharged_modules(),
                              params_.raw_socket, cores_meet() ? &meeting : nullptr};
    (charged ? code_ : uncharged).copies[step.copy](context, core, slice);
  };
  SliceSettings settings;
  settings.total_ms =
      trial.slices_ms * (params_.level == level("L0") ? times_at_level0(params_.variant) : 1.0);
  settings.seed = trial.seed;
  settings.planted_ns = trial.planted_ns;
  return trial.schedule.run_slices(arms, settings, "ns/packet");
}

Cores NetpathCell::make_cores(const RxRings& rings, Team& team) {
  Cores cores(team.size());
  team.run_task([&](WorkerContext& worker) {
    cores[worker.rank()] = std::make_unique<Core>(*rings[worker.rank()], *network_);
    cores[worker.rank()]->time_wait_ticks = time_wait_ticks_;
  });
  if (params_.free_remote) {
    for (std::size_t i = 0; i < cores.size(); ++i)
      cores[i]->freer = cores[(i + 1) % cores.size()].get();
  }
  return cores;
}

void NetpathCell::on_workers(
    Team& team, const LoadedPath& path,
    const std::function<void(WorkerContext&, const PathContext&)>& body) const {
  team.run_task([&](WorkerContext& worker) {
    path.guarded([&] {
      QsbrThread reader;
      reader.online();
      Meeting meeting{worker, reader};
      body(worker, {*network_, path.uncharged_modules(), params_.raw_socket,
                    cores_meet() ? &meeting : nullptr});
    });
  });
}

Account NetpathCell::pass(std::size_t level, const RxRings& rings, Team& team,
                          const LoadedPath& path, Verdict& verdict) {
  Cores cores = make_cores(rings, team);
  if (kLevels[level].charge.object) {
    on_workers(team, path, [&](WorkerContext& worker, const PathContext&) {
      if (worker.rank() == 0)
        prepare_object_references(*network_);
    });
  }
  on_workers(team, path, [&](WorkerContext& worker, const PathContext& context) {
    count_references(level, params_.variant, context, *cores[worker.rank()]);
  });
  check_pass(cores, verdict);
  check_books(cores, verdict);
  return sum_of(cores);
}

Json NetpathCell::computed_levels(const RxRings& rings, Team& team, const LoadedPath& path,
                                  Verdict& verdict) {
  Json pairs = Json::object();
  const Account objects = pass(level("L3"), rings, team, path, verdict);
  for (const Level& level : kLevels) {
    if (level.obtained != Obtained::computed)
      continue;
    double per_packet = 0.0;  // nothing on the path: registration, grace period
    if (level.charge.object)
      per_packet = objects.per_packet(Referred::module);
    else if (level.id == kLevels[netpath::level("L2")].id)
      per_packet = static_cast<double>(objects.opened) / static_cast<double>(objects.received);
    pairs[std::string(level.id)] = per_packet;
  }
  return pairs;
}

std::unique_ptr<Cell> make_cell(const CellSpec& spec, const GridRequest& request, LoadPath load,
                                FindCode find_code) {
  const Params params = Params::from_json(spec.params);
  const LevelCode* code = params.level == level("L0") ? &uncharged_code(params.variant)
                                                      : find_code(params.level, params.variant);
  if (code == nullptr)
    throw RequestError("cell " + spec.name + ": " + not_compiled(params));
  Input input = input_for(params.capture() ? request.pcap : std::string(), request.traffic);
  NetworkOptions options;
  options.era = params.variant.era;
  options.tables = params.variant.tables;
  options.policies = params.policies;
  options.local_percent = params.local_percent;
  std::shared_ptr<Network> network = network_for(input, options);
  return std::make_unique<NetpathCell>(params, std::move(input), std::move(network), load, *code,
                                       request.time_wait_ms);
}

}  // namespace getput::bench::netpath
