// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/uncharged.hpp"

namespace getput::bench::netpath {
namespace {

template <Level L>
void run_pass(const PathContext& context, Core& core) {
  Path<Uncharged, L> path(context.network,
                          *static_cast<const PathModules<Uncharged>*>(context.modules), core,
                          context.raw);
  while (core.account.received < core.rx.pass()) {
    path.poll();
    QsbrThread::quiescent();
  }
  path.drain();
}

}  // namespace

const LevelCode& uncharged_code() noexcept {
  return kLevelCode<Uncharged, Level::l0>;
}

void prepare_object_references(Network& network) {
  using Ticket = modules::ModuleTicket<Uncharged>;
  const auto clear = [](auto& object) { object.ticket.store(Ticket{}); };
  clear(network.in);
  clear(network.out);
  network.routes.for_each(clear);
  network.neighbours.for_each(clear);
  network.policies.for_each(clear);
  network.sockets.for_each(clear);
}

void count_references(Level level, const PathContext& context, Core& core) {
  switch (level) {
    case Level::l0:
      return run_pass<Level::l0>(context, core);
    case Level::l3:
      return run_pass<Level::l3>(context, core);
    case Level::l5:
      return run_pass<Level::l5>(context, core);
    case Level::l6:
      return run_pass<Level::l6>(context, core);
    case Level::l7:
      return run_pass<Level::l7>(context, core);
  }
}

}  // namespace getput::bench::netpath
