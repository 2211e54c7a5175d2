// SPDX-License-Identifier: MIT
// netpath: what does a module reference cost per packet? The workload as instantiated for a scheme:
// its modules, and the charge levels that are compiled for it. What does not depend on the scheme
// is in cell.hpp.
#pragma once

#include <functional>
#include <memory>

#include "bench/catalog/registry.hpp"
#include "bench/workloads/netpath/cell.hpp"
#include "bench/workloads/netpath/level_code.hpp"
#include "bench/workloads/netpath/uncharged.hpp"

namespace getput::bench::netpath {

template <class S>
class SchemePath final : public LoadedPath {
 public:
  static std::unique_ptr<LoadedPath> load() { return std::make_unique<SchemePath>(); }

  const void* modules() const noexcept override { return &charged_; }
  const void* uncharged_modules() const noexcept override { return &uncharged_; }
  void guarded(const std::function<void()>& body) const override {
    [[maybe_unused]] const ThreadGuardFor<S> guard{};
    body();
  }
  void attach_queue_counts(Cores& cores) override {
    for (const auto& core : cores) {
      queue_counts_.push_back(std::make_unique<S>());
      core->queue.count = queue_counts_.back().get();
    }
  }
  void unload(Verdict& verdict) override;

 private:
  ModuleSet<S> modules_;
  const PathModules<S> charged_ = modules_.template for_path<S>();
  const PathModules<Uncharged> uncharged_ = modules_.template for_path<Uncharged>();
  std::vector<std::unique_ptr<S>> queue_counts_;
};

/// The driver's queues count by themselves: each must be drained before the module goes.
template <class S>
[[gnu::cold]] void SchemePath<S>::unload(Verdict& verdict) {
  [[maybe_unused]] const ThreadGuardFor<S> guard{};
  if constexpr (S::info.removal) {
    for (const auto& count : queue_counts_) {
      count->stop();
      if (!oracle::drains(*count))
        verdict.wrong(
            "the count of a receive queue does not drain after the last packet was "
            "freed");
    }
  }
  modules_.unload(verdict);
}

/// Adds the workload with the levels that every binary measures.
template <class S>
[[gnu::cold]] WorkloadEntry workload() {
  CompiledLevels<S>::template add<level("L6"), Variant{}>();
  CompiledLevels<S>::template add<level("L7"), Variant{}>();
  WorkloadEntry entry;
  entry.name = kName;
  entry.summary = kSummary;
  entry.details = {{"levels", levels_json()}};
  entry.enumerate = [](const GridRequest& request) {
    return enumerate(S::info, request, [](std::size_t level, Variant variant) {
      return CompiledLevels<S>::find(level, variant) != nullptr;
    });
  };
  entry.make = [](const CellSpec& spec, const GridRequest& request) {
    return make_cell(spec, request, &SchemePath<S>::load, &CompiledLevels<S>::find);
  };
  return entry;
}

}  // namespace getput::bench::netpath
