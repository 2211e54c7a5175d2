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
  void unload(Verdict& verdict) override { modules_.unload(verdict); }

  /// Null where the level is not compiled into this binary.
  static const LevelCode* find_code(Level level) noexcept {
    return level == Level::l0 ? &uncharged_code() : CompiledLevels<S>::find(level);
  }

 private:
  ModuleSet<S> modules_;
  const PathModules<S> charged_ = modules_.template for_path<S>();
  const PathModules<Uncharged> uncharged_ = modules_.template for_path<Uncharged>();
};

/// Adds the workload with the levels that every binary measures.
template <class S>
[[gnu::cold]] WorkloadEntry workload() {
  CompiledLevels<S>::template add<Level::l6>();
  CompiledLevels<S>::template add<Level::l7>();
  const auto compiled = [](Level level) { return SchemePath<S>::find_code(level) != nullptr; };
  return {kName, kSummary,
          [compiled](const GridRequest& request) { return enumerate(S::info, request, compiled); },
          [](const CellSpec& spec, const GridRequest& request) {
            return make_cell(spec, request, &SchemePath<S>::load, &SchemePath<S>::find_code);
          }};
}

}  // namespace getput::bench::netpath
