// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/uncharged.hpp"

#include <utility>

namespace getput::bench::netpath {
namespace {

template <std::size_t... V>
const LevelCode& code_of(Variant variant, std::index_sequence<V...> /*variants*/) noexcept {
  const LevelCode* code = nullptr;
  ((code = kVariants[V] == variant ? &kLevelCode<Uncharged, Charge{}, kVariants[V]> : code), ...);
  return *code;
}

}  // namespace

const LevelCode& uncharged_code(Variant variant) noexcept {
  return code_of(variant, std::make_index_sequence<kVariants.size()>());
}

void prepare_object_references(Network& network) {
  using Ticket = modules::ModuleTicket<Uncharged>;
  const auto clear = [](auto& object) { object.ticket.store(Ticket{}); };
  clear(network.in);
  clear(network.out);
  network.routes.for_each(clear);
  network.neighbours.for_each(clear);
  network.policies.for_each(clear);
  network.time_wait.for_each(clear);
  network.sockets.for_each(clear);
  if (network.lfht_sockets)
    network.lfht_sockets->for_each(clear);
}

}  // namespace getput::bench::netpath
