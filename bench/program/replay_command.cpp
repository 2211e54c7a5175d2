// SPDX-License-Identifier: MIT
#include "bench/program/replay_command.hpp"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "bench/engine/errors.hpp"
#include "bench/engine/team.hpp"
#include "bench/program/build_gate.hpp"
#include "bench/program/plan.hpp"

namespace getput::bench {
namespace {

constexpr std::uint64_t kMostPasses = 1000;

}  // namespace

Json replay_document(const Registry& registry, const Options& options) {
  if (options.passes == 0 || options.passes > kMostPasses) {
    throw RequestError(
        fmt::format("--getput_passes={}: must be 1 to {}", options.passes, kMostPasses));
  }
  Plan plan;
  plan.trials.push_back({options.replay, 0});
  const GridRequest request = options.with_input(plan.grid());
  const std::vector<CellSpec> cells = registry.cells(request);
  const CellSpec& spec = find_cell(cells, registry, options.replay);
  require_fit_for_results();
  const std::unique_ptr<Cell> cell = registry.make(spec, request);
  Team team(spec.placement.pus);
  Json document = {{"schema", "getput.replay/1"}, {"cell", spec.name}};
  document.update(cell->replay({team, options.passes}));
  return document;
}

}  // namespace getput::bench
