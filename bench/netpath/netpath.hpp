// SPDX-License-Identifier: MIT
// netpath: what does a module reference cost per packet? The workload as instantiated for a scheme.
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

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bench/harness/cell.hpp"
#include "bench/harness/combine.hpp"
#include "bench/harness/controls.hpp"
#include "bench/harness/oracle.hpp"
#include "bench/harness/registry.hpp"
#include "bench/harness/seed.hpp"
#include "bench/harness/team.hpp"
#include "bench/netpath/books.hpp"
#include "bench/netpath/grid.hpp"
#include "bench/netpath/path.hpp"
#include "bench/netpath/qsbr.hpp"

namespace getput::bench::netpath {

template <class S, Level L>
class NetpathCell final : public Cell {
 public:
  NetpathCell(const Params& params, Input input, std::shared_ptr<Network> network)
      : params_(params), input_(std::move(input)), network_(std::move(network)) {}

  Measurement run(TrialContext& trial) override {
    Verdict verdict;
    const auto rings = rings_for(input_, params_.steering, trial.team);
    ModuleSet<S> modules;
    Cores cores = make_cores(*rings, trial.team);
    Cores base = make_cores(*rings, trial.team);
    const std::uint64_t charged = charge_objects(modules, trial.team);
    if (!pass_)
      pass_ = one_pass(modules, cores, trial.team, verdict);
    // Every attempt begins elsewhere, so that short bursts sample the whole share.
    for (std::size_t rank = 0; rank < cores.size(); ++rank) {
      const auto start = static_cast<std::size_t>(mix(trial.seed ^ rank));
      cores[rank]->restart(start);
      base[rank]->restart(start);
    }

    std::vector<BurstReport> uncharged;
    const std::vector<BurstReport> bursts = trial.controls.interleave([&](unsigned round) {
      if (round % 2 == 0)
        run_uncharged(modules, base, trial, uncharged);
      BurstReport charged_burst = burst<L>(modules, cores, trial);
      if (round % 2 == 1)
        run_uncharged(modules, base, trial, uncharged);
      return charged_burst;
    });

    discharge_objects(modules, trial.team);
    check_books(cores, verdict);
    check_books(base, verdict);
    Measurement result = combine(bursts, "ns/packet");
    result.metrics.update(metrics_of(cores, *input_, *pass_, charged));
    const std::optional<double> l0_ns = combine(uncharged, "ns/packet").ns_per_op;
    result.metrics["l0_ns"] = l0_ns ? Json(*l0_ns) : Json(nullptr);
    cores.clear();
    base.clear();
    modules.unload(verdict);
    result.oracle_ok = verdict.ok();
    result.oracle_detail = verdict.detail();
    return result;
  }

 private:
  using Ticket = modules::ModuleTicket<S>;

  // A few milliseconds hold too few packets for a path of hundreds of nanoseconds.
  static constexpr double kLonger = 3.0;

  template <Level At>
  BurstReport burst(const ModuleSet<S>& modules, Cores& cores, TrialContext& trial) {
    return trial.team.run_burst(
        kLonger * trial.burst_ms / ControlSet::kRounds,
        [&](WorkerContext& worker) { work<At>(modules, *cores[worker.rank()], worker); });
  }

  /// Keeps the burst only if nothing disturbed it.
  void run_uncharged(const ModuleSet<S>& modules, Cores& cores, TrialContext& trial,
                     std::vector<BurstReport>& kept) {
    if constexpr (!charges_objects(L)) {
      BurstReport report = burst<Level::l0>(modules, cores, trial);
      GateFindings gate;
      gate.add(report);
      if (gate.reasons().empty())
        kept.push_back(std::move(report));
    }
  }

  /// One timed burst of one worker: qsbr-offline while it waits at the gate.
  template <Level At>
  void work(const ModuleSet<S>& modules, Core& core, WorkerContext& worker) {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    QsbrThread reader;
    Path<S, At> path(*network_, modules, core, params_.raw_socket);
    bool more = worker.more();
    reader.online();
    while (more) {
      worker.count(path.poll());
      QsbrThread::quiescent();
      more = worker.more();
    }
    path.drain();
    reader.offline();
  }

  Cores make_cores(const RxRings& rings, Team& team) {
    Cores cores(team.size());
    team.run_task([&](WorkerContext& worker) {
      cores[worker.rank()] = std::make_unique<Core>(*rings[worker.rank()], network_->socket_memory);
    });
    return cores;
  }

  /// Each worker passes once over its share, untimed: the account of every frame of the input.
  Account one_pass(const ModuleSet<S>& modules, Cores& cores, Team& team, Verdict& verdict) {
    team.run_task([&](WorkerContext& worker) {
      [[maybe_unused]] const ThreadGuardFor<S> guard{};
      QsbrThread reader;
      reader.online();
      Core& core = *cores[worker.rank()];
      Path<S, L> path(*network_, modules, core, params_.raw_socket);
      while (core.account.received < core.rx.pass()) {
        path.poll();
        QsbrThread::quiescent();
      }
      path.drain();
    });
    check_pass(cores, *input_, verdict);
    check_books(cores, verdict);
    return sum_of(cores);
  }

  /// Level 3: what is in the tables takes its references, as it did when it was created. One worker
  /// does it, for a scheme that one thread only may use. Returns how many.
  std::uint64_t charge_objects(const ModuleSet<S>& modules, Team& team) {
    std::uint64_t charged = 0;
    for_each_object(modules, team, [&](modules::Module<S>* module, TicketSpace& space) {
      Ticket ticket = modules::try_module_get(module);
      charged += ticket ? 1U : 0U;
      space.store(std::move(ticket));
    });
    return charged;
  }
  void discharge_objects(const ModuleSet<S>& modules, Team& team) {
    for_each_object(modules, team, [](modules::Module<S>* module, TicketSpace& space) {
      if (const Ticket ticket = space.take<Ticket>())
        modules::module_put(module, ticket);
    });
  }

  template <class Visit>
  void for_each_object(const ModuleSet<S>& modules, Team& team, const Visit& visit) {
    if constexpr (charges_objects(L)) {
      const auto owner = [&](std::uint8_t proto) {
        if (proto == protocol::kTcp)
          return modules.tcp();
        return proto == protocol::kUdp ? modules.udp() : modules.nic();
      };
      team.run_task([&](WorkerContext& worker) {
        if (worker.rank() != 0)
          return;
        [[maybe_unused]] const ThreadGuardFor<S> guard{};
        QsbrThread reader;
        reader.online();
        visit(modules.nic(), network_->in.ticket);
        visit(modules.nic(), network_->out.ticket);
        network_->routes.for_each([&](Route& o) { visit(modules.nic(), o.ticket); });
        network_->neighbours.for_each([&](Neighbour& o) { visit(modules.nic(), o.ticket); });
        network_->policies.for_each([&](Policy& o) { visit(owner(o.key.protocol), o.ticket); });
        network_->sockets.for_each([&](Socket& o) { visit(owner(o.key.protocol), o.ticket); });
      });
    }
  }

  const Params params_;
  const Input input_;
  const std::shared_ptr<Network> network_;
  std::optional<Account> pass_;  ///< of the first attempt
};

template <class S>
std::unique_ptr<Cell> make_cell_for(const CellSpec& spec, const GridRequest& request) {
  const Params params = Params::from_json(spec.params);
  Input input = input_for(params.capture ? request.pcap : std::string());
  std::shared_ptr<Network> network = network_for(input);
  switch (params.level) {
    case Level::l0:
      return std::make_unique<NetpathCell<S, Level::l0>>(params, std::move(input), network);
    case Level::l3:
      return std::make_unique<NetpathCell<S, Level::l3>>(params, std::move(input), network);
    case Level::l5:
      return std::make_unique<NetpathCell<S, Level::l5>>(params, std::move(input), network);
    case Level::l6:
      return std::make_unique<NetpathCell<S, Level::l6>>(params, std::move(input), network);
    case Level::l7:
      break;
  }
  return std::make_unique<NetpathCell<S, Level::l7>>(params, std::move(input), network);
}

template <class S>
WorkloadEntry workload() {
  return {kName, kSummary, [](const GridRequest& request) { return enumerate(S::info, request); },
          [](const CellSpec& spec, const GridRequest& request) {
            return make_cell_for<S>(spec, request);
          }};
}

}  // namespace getput::bench::netpath
