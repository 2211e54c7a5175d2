// SPDX-License-Identifier: MIT
// Loading: UNFORMED, dependencies, COMING, init(), LIVE. Order and error numbers follow Linux,
// kernel/module/main.c (add_unformed_module, resolve_symbol_wait, ref_module, do_init_module).
#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "modules/loader_core.hpp"
#include "modules/plugin_path.hpp"
#include "schemes/machine/errors.hpp"

namespace getput::modules {
namespace {

std::string error_name(int code) {
  return std::to_string(code) + " (" + std::generic_category().message(-code) + ")";
}

}  // namespace

Status LoaderCore::load_module(const std::string& name, const std::string& params,
                               std::stop_token token, const Factory& make,
                               std::shared_ptr<ModuleBase>& loaded) {
  std::shared_ptr<ModuleBase> module;
  try {
    module = make();
  } catch (const machine::Unavailable& error) {
    return failure(EOPNOTSUPP, "module " + name + ": " + error.what());
  } catch (const machine::OutOfSlots& error) {
    return failure(ENOMEM, "module " + name + ": " + error.what());
  }
  module->name_ = name;
  if (Status status = add_unformed(module, token); !status.ok())
    return status;
  Status status = form(*module, token);
  if (status.ok())
    status = run_init(*module, params);
  if (status.ok())
    loaded = std::move(module);
  return status;
}

// A second load waits for the first one's end, and then tells the caller that it was not needed
// (EEXIST), or that this was not the moment (EBUSY); it does not try again on its own.
Status LoaderCore::add_unformed(const std::shared_ptr<ModuleBase>& module,
                                const std::stop_token& token) {
  const std::string& name = module->name_;
  Lock lock(mutex_);
  auto old = find_locked(name);
  if (!old) {
    modules_.push_back(module);
    return {};
  }
  const auto finished = [&] {
    old = find_locked(name);
    return !old || old->state() == ModuleState::live || old->state() == ModuleState::going;
  };
  if (!changed_.wait(lock, token, finished))
    return failure(EINTR, "module " + name + ": interrupted while another load of it runs");
  if (old && old->state() == ModuleState::live)
    return failure(EEXIST, "module " + name + " is loaded already: remove it first");
  return failure(EBUSY, "module " + name + " was being loaded or removed: try again");
}

// From UNFORMED to the moment before init(): the file, the reference that the initialization
// holds, the dependencies. Undoes itself.
Status LoaderCore::form(ModuleBase& module, const std::stop_token& token) {
  std::filesystem::path path;
  Status status = find_plugin(module.name_, plugin_folders(options_.plugin_dir), path);
  if (status.ok())
    status = module.file_.open(path, module.name_);
  if (status.ok()) {
    {
      const std::lock_guard lock(mutex_);
      module.hold();  // on a new scheme it cannot be refused
    }
    module.link_ = module.file_.table()->link;
    module.transport_ = module.file_.table()->transport;
    status = resolve(module, token);
    if (!status.ok()) {
      const std::lock_guard lock(mutex_);
      module.unhold();
    }
  }
  return status.ok() ? std::move(status) : abort_load(module, std::move(status));
}

Status LoaderCore::resolve(ModuleBase& module, const std::stop_token& token) {
  Lock lock(mutex_);
  const char* const* target = module.file_.table()->depends;
  for (; target != nullptr && *target != nullptr; ++target) {
    if (Status status = use_module(lock, module, *target, token); !status.ok())
      return status;
  }
  return {};
}

// The strong get: only a LIVE module may be depended upon. One reference per pair of modules,
// however often the user names the target.
Status LoaderCore::use_module(Lock& lock, ModuleBase& user, const std::string& target,
                              const std::stop_token& token) {
  std::shared_ptr<ModuleBase> used;
  const auto settled = [&] {
    used = find_locked(target);
    return !used || used->state() != ModuleState::coming;
  };
  const std::string who = "module " + user.name_ + " depends on " + target;
  if (!changed_.wait_for(lock, token, options_.dependency_wait, settled)) {
    if (token.stop_requested())
      return failure(EINTR, who + ": interrupted while waiting for its init");
    return failure(EBUSY, who + ", whose init did not end in " +
                              std::to_string(options_.dependency_wait.count()) +
                              " ms: gave up, try again");
  }
  if (!used)
    return failure(ENOENT, who + ", which is not loaded: load " + target + " first");
  if (std::find(user.targets_.begin(), user.targets_.end(), used.get()) != user.targets_.end())
    return {};
  if (used->state() != ModuleState::live || !used->hold())
    return failure(ENOENT, who + ", which is " + to_string(used->state()) + ": load it first");
  user.targets_.push_back(used.get());
  used->sources_.push_back(&user);
  return {};
}

Status LoaderCore::run_init(ModuleBase& module, const std::string& params) {
  {
    const std::lock_guard lock(mutex_);
    set_state(module, ModuleState::coming);
    changed_.notify_all();
  }
  const auto init = module.file_.table()->init;
  const int result = init == nullptr ? 0 : init(params.c_str());
  if (result < 0) {
    {
      const std::lock_guard lock(mutex_);
      set_state(module, ModuleState::going);
      changed_.notify_all();
    }
    if (abilities_.removal)
      module.scheme_stop();
    {
      const std::lock_guard lock(mutex_);
      module.unhold();
    }
    // Whoever came in while the module was COMING may still be inside. The kernel lets one grace
    // period pass and trusts init() to have unregistered; the count is at hand, so wait for it.
    if (abilities_.removal)
      module.scheme_wait_drained({});
    return abort_load(
        module, {result, "init of module " + module.name_ + " failed: " + error_name(result)});
  }
  if (result > 0)
    warn("init of module " + module.name_ + " returned " + std::to_string(result) +
         ", it should return 0 or a negative errno; loaded anyway");
  const std::lock_guard lock(mutex_);
  set_state(module, ModuleState::live);
  module.unhold();
  changed_.notify_all();
  return {};
}

Status LoaderCore::abort_load(ModuleBase& module, Status why) {
  RemovalTimes unused;
  if (Status status = take_apart(module, false, unused); !status.ok())
    why.message += "; and " + status.message;
  return why;
}

}  // namespace getput::modules
