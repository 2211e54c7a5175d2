// SPDX-License-Identifier: MIT
// The objects that the threads of a pairs cell work on.
#pragma once

#include <memory>
#include <vector>

#include "bench/engine/line.hpp"
#include "bench/engine/team.hpp"
#include "bench/workloads/pairs/grid.hpp"

namespace getput::bench::pairs {

/// Each object on lines of its own, as modules are; an own object is constructed by the thread that
/// uses it, so that its pages are near.
template <class S>
class Objects {
 public:
  Objects(const Params& params, Team& team) : table_(team.size()) {
    if (params.own_objects) {
      owned_.resize(static_cast<std::size_t>(team.size()) * params.objects);
      team.run_task([&](WorkerContext& worker) { make(worker.rank(), params.objects); });
    } else {
      owned_.resize(params.objects);
      make(0, params.objects);
    }
    for (unsigned rank = 0; rank < team.size(); ++rank) {
      for (unsigned i = 0; i < params.objects; ++i) {
        // Shared objects: each thread starts elsewhere, so that they do not march in step.
        const std::size_t index = params.own_objects
                                      ? static_cast<std::size_t>(rank) * params.objects + i
                                      : (i + rank * params.objects / team.size()) % params.objects;
        table_[rank].push_back(&owned_[index]->object);
      }
    }
  }

  /// What thread `rank` goes round.
  const std::vector<S*>& of(unsigned rank) const noexcept { return table_[rank]; }

  template <class Use>
  void for_each(Use&& use) {
    for (auto& slot : owned_) {
      use(slot->object);
    }
  }

 private:
  struct alignas(kLine) Slot {
    S object;
  };

  void make(unsigned share, unsigned objects) {
    for (unsigned i = 0; i < objects; ++i) {
      owned_[static_cast<std::size_t>(share) * objects + i] = std::make_unique<Slot>();
    }
  }

  std::vector<std::unique_ptr<Slot>> owned_;
  std::vector<std::vector<S*>> table_;
};

}  // namespace getput::bench::pairs
