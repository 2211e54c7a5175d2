// SPDX-License-Identifier: MIT
// What loading and removing share: the list, the states, symbols, warnings.
#include "modules/loader_core.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace getput::modules {

LoaderCore::LoaderCore(LoaderOptions options, SchemeAbilities abilities)
    : options_(std::move(options)), abilities_(std::move(abilities)) {
}

LoaderCore::~LoaderCore() {
  for (const Status& status : shutdown()) warn(status.message);
}

void LoaderCore::warn(const std::string& line) const {
  if (options_.warn)
    options_.warn(line);
  else
    std::fprintf(stderr, "getput: warning: %s\n", line.c_str());
}

void LoaderCore::set_state(ModuleBase& module, ModuleState state) noexcept {
  module.state_.store(state, std::memory_order_release);
}

std::shared_ptr<ModuleBase> LoaderCore::find_locked(const std::string& name) const {
  const auto found = std::find_if(modules_.begin(), modules_.end(),
                                  [&](const auto& module) { return module->name_ == name; });
  return found == modules_.end() ? nullptr : *found;
}

std::shared_ptr<ModuleBase> LoaderCore::find_module(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  auto module = find_locked(name);
  return module && module->state() != ModuleState::unformed ? module : nullptr;
}

std::string LoaderCore::loaded_names() const {
  std::string names;
  for (const auto& module : modules_) names += (names.empty() ? "" : ", ") + module->name_;
  return names.empty() ? "none" : names;
}

void LoaderCore::release_targets(ModuleBase& module) {
  for (ModuleBase* target : std::exchange(module.targets_, {})) {
    std::erase(target->sources_, &module);
    target->unhold();
  }
}

void LoaderCore::forget(const ModuleBase& module) {
  std::erase_if(modules_, [&](const auto& other) { return other.get() == &module; });
  changed_.notify_all();
}

std::vector<ModuleRow> LoaderCore::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<ModuleRow> rows;
  for (const auto& module : modules_) {
    ModuleRow row{module->name_, module->state(), module->refcount(), {}};
    for (const ModuleBase* source : module->sources_) row.used_by.push_back(source->name_);
    rows.push_back(std::move(row));
  }
  return rows;
}

bool LoaderCore::tainted() const {
  const std::lock_guard lock(mutex_);
  return tainted_;
}

Status LoaderCore::find_symbol(const std::string& symbol,
                               const std::function<bool(ModuleBase&)>& get,
                               std::shared_ptr<ModuleBase>& owner, const void*& address) const {
  const std::lock_guard lock(mutex_);
  Status status = failure(ENOENT, "no LIVE module offers the symbol " + symbol);
  for (const auto& module : modules_) {
    const ModuleState state = module->state();
    // The table of a module in another state may be unmapped at any time.
    if (state != ModuleState::live && state != ModuleState::coming)
      continue;
    const getput_symbol* entry = module->file_.table()->symbols;
    while (entry != nullptr && entry->name != nullptr && symbol != entry->name) ++entry;
    if (entry == nullptr || entry->name == nullptr)
      continue;
    if (state == ModuleState::coming) {
      status = failure(EBUSY, "symbol " + symbol + ": its module " + module->name_ +
                                  " still runs its init: try again");
    } else if (get(*module)) {
      owner = module;
      address = entry->address;
      return {};
    }
  }
  return status;
}

}  // namespace getput::modules
