// SPDX-License-Identifier: MIT
// The pass that counts references, as a template on the era and shape; each is compiled in a unit
// of its own (counting_*.cpp).
#pragma once

#include <array>
#include <cstddef>
#include <utility>

#include "bench/workloads/netpath/uncharged.hpp"

namespace getput::bench::netpath {

using CountingPass = void (*)(const PathContext&, Core&);

template <Charge C, Variant V>
[[gnu::cold]] void counting_pass(const PathContext& context, Core& core) {
  Uncharged queue_count;
  core.queue.count = &queue_count;
  auto path = detail::make_path<Path<Uncharged, C, V>, Uncharged>(context, core);
  while (core.account.received < core.rx.pass()) {
    path.poll();
    QsbrThread::quiescent();
  }
  path.drain();
  if (context.meeting != nullptr) {
    context.meeting->wait();
    path.drain();
    context.meeting->wait();
  }
  path.flush();
  core.queue.count = nullptr;
}

/// The passes of all levels.
template <Variant V>
constexpr std::array<CountingPass, kLevelCount> counting_passes() noexcept {
  return []<std::size_t... L>(std::index_sequence<L...>) {
    return std::array<CountingPass, kLevelCount>{&counting_pass<kLevels[L].charge, V>...};
  }
  (std::make_index_sequence<kLevelCount>());
}

extern const std::array<CountingPass, kLevelCount> kCountLinux6Staged;
extern const std::array<CountingPass, kLevelCount> kCountLinux6Lfht;
extern const std::array<CountingPass, kLevelCount> kCountLinux26;

}  // namespace getput::bench::netpath
