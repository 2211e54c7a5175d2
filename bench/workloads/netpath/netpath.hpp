// SPDX-License-Identifier: MIT
// netpath: what does a module reference cost per packet? The workload as instantiated for a scheme:
// the path at every level, and the modules that it goes through. What does not depend on the scheme
// is in cell.hpp.
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

#include "bench/catalog/registry.hpp"
#include "bench/engine/team.hpp"
#include "bench/workloads/netpath/cell.hpp"
#include "bench/workloads/netpath/path.hpp"
#include "bench/workloads/netpath/qsbr.hpp"

namespace getput::bench::netpath {

template <class S>
class SchemePath final : public LoadedPath {
 public:
  SchemePath(Network& network, bool raw) : network_(network), raw_(raw) {}

  static std::unique_ptr<LoadedPath> load(Network& network, bool raw) {
    return std::make_unique<SchemePath>(network, raw);
  }

  void burst(Level level, Core& core, WorkerContext& worker) override {
    at(level, [&](auto constant) { burst_at<constant()>(core, worker); });
  }
  void pass(Level level, Core& core) override {
    at(level, [&](auto constant) { pass_at<constant()>(core); });
  }

  std::uint64_t charge_objects() override {
    std::uint64_t charged = 0;
    for_each_object([&](modules::Module<S>* module, TicketSpace& space) {
      Ticket ticket = modules::try_module_get(module);
      charged += ticket ? 1U : 0U;
      space.store(std::move(ticket));
    });
    return charged;
  }
  void discharge_objects() override {
    for_each_object([](modules::Module<S>* module, TicketSpace& space) {
      if (const Ticket ticket = space.take<Ticket>())
        modules::module_put(module, ticket);
    });
  }

  void unload(Verdict& verdict) override { modules_.unload(verdict); }

 private:
  using Ticket = modules::ModuleTicket<S>;

  /// @p call with the level as a constant.
  template <class Call>
  static void at(Level level, const Call& call) {
    switch (level) {
      case Level::l0:
        return call(std::integral_constant<Level, Level::l0>());
      case Level::l3:
        return call(std::integral_constant<Level, Level::l3>());
      case Level::l5:
        return call(std::integral_constant<Level, Level::l5>());
      case Level::l6:
        return call(std::integral_constant<Level, Level::l6>());
      case Level::l7:
        return call(std::integral_constant<Level, Level::l7>());
    }
  }

  template <Level L>
  void burst_at(Core& core, WorkerContext& worker) {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    QsbrThread reader;
    Path<S, L> path(network_, modules_, core, raw_);
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

  template <Level L>
  void pass_at(Core& core) {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    QsbrThread reader;
    reader.online();
    Path<S, L> path(network_, modules_, core, raw_);
    while (core.account.received < core.rx.pass()) {
      path.poll();
      QsbrThread::quiescent();
    }
    path.drain();
  }

  template <class Visit>
  void for_each_object(const Visit& visit) {
    const auto owner = [&](std::uint8_t proto) {
      if (proto == protocol::kTcp)
        return modules_.tcp();
      return proto == protocol::kUdp ? modules_.udp() : modules_.nic();
    };
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    QsbrThread reader;
    reader.online();
    visit(modules_.nic(), network_.in.ticket);
    visit(modules_.nic(), network_.out.ticket);
    network_.routes.for_each([&](Route& o) { visit(modules_.nic(), o.ticket); });
    network_.neighbours.for_each([&](Neighbour& o) { visit(modules_.nic(), o.ticket); });
    network_.policies.for_each([&](Policy& o) { visit(owner(o.key.protocol), o.ticket); });
    network_.sockets.for_each([&](Socket& o) { visit(owner(o.key.protocol), o.ticket); });
  }

  Network& network_;
  const bool raw_;
  ModuleSet<S> modules_;
};

template <class S>
WorkloadEntry workload() {
  return {kName, kSummary, [](const GridRequest& request) { return enumerate(S::info, request); },
          [](const CellSpec& spec, const GridRequest& request) {
            return make_cell(spec, request, &SchemePath<S>::load);
          }};
}

}  // namespace getput::bench::netpath
