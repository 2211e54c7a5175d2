// SPDX-License-Identifier: MIT
// The objects that the threads of a pairs cell work on.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/engine/arena.hpp"
#include "bench/engine/team.hpp"
#include "bench/workloads/kit/placed_objects.hpp"
#include "bench/workloads/pairs/grid.hpp"

namespace getput::bench::pairs {

/// Made for one trial, at a place drawn at random for it. Shared objects are constructed by rank 0
/// and own objects by the thread that uses them, so that their pages lie on that thread's node.
template <class S>
class Objects {
  using Group = PlacedObjects<S>;

 public:
  Objects(const Params& params, Team& team, Random& random) : table_(team.size()) {
    const unsigned groups = params.own_objects ? team.size() : 1;
    for (unsigned group = 0; group < groups; ++group) {
      groups_.emplace_back(params.objects, random);
    }
    team.run_task([&](WorkerContext& worker) {
      if (worker.rank() < groups) {
        groups_[worker.rank()].make();
      }
    });
    for (unsigned rank = 0; rank < team.size(); ++rank) {
      Group& group = groups_[params.own_objects ? rank : 0];
      for (unsigned i = 0; i < params.objects; ++i) {
        // Shared objects: each thread starts elsewhere, so that they do not march in step.
        const unsigned shift = params.own_objects ? 0 : rank * params.objects / team.size();
        table_[rank].push_back(group.at((i + shift) % params.objects));
      }
    }
  }

  /// What thread `rank` goes round.
  const std::vector<S*>& of(unsigned rank) const noexcept { return table_[rank]; }

  template <class Use>
  void for_each(Use&& use) {
    for (Group& group : groups_) {
      for (std::size_t i = 0; i < group.made(); ++i) {
        use(*group.at(i));
      }
    }
  }

 private:
  std::vector<Group> groups_;
  std::vector<std::vector<S*>> table_;
};

}  // namespace getput::bench::pairs
