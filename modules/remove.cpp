// SPDX-License-Identifier: MIT
// Removal: the checks, the stop, the wait, exit(), the unmapping. Order and error numbers follow
// Linux, kernel/module/main.c (delete_module, try_stop_module, free_module); the wait is that of
// 2.5.48 to 3.12, made interruptible.
#include <fcntl.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "modules/loader_core.hpp"

namespace getput::modules {
namespace {

bool non_blocking(unsigned flags) {
  return (flags & static_cast<unsigned>(O_NONBLOCK)) != 0;
}
bool forced(unsigned flags) {
  return (flags & static_cast<unsigned>(O_TRUNC)) != 0;
}

// True when the module drained before `patience` was over.
bool drained_within(std::chrono::milliseconds patience,
                    const std::function<void(std::stop_token)>& wait,
                    const std::function<bool()>& drained) {
  std::stop_source give_up;
  std::mutex mutex;
  std::condition_variable_any never;
  {
    const std::jthread timer([&](const std::stop_token& done) {
      std::unique_lock lock(mutex);
      never.wait_for(lock, done, patience, [] { return false; });
      if (!done.stop_requested())
        give_up.request_stop();
    });
    wait(give_up.get_token());
  }
  return drained();
}

}  // namespace

Status LoaderCore::delete_module(const std::string& name, unsigned flags, std::stop_token token,
                                 RemovalTimes* times) {
  RemovalTimes own;
  RemovalTimes& taken = times == nullptr ? own : *times;
  taken = {};
  if (Status status = check_possible(name, flags); !status.ok())
    return status;
  Lock lock(mutex_);
  const std::shared_ptr<ModuleBase> module = find_locked(name);
  if (!module)
    return failure(ENOENT, "module " + name + " is not loaded (loaded: " + loaded_names() + ")");
  if (Status status = check_removable(*module, flags); !status.ok())
    return status;
  const bool at_once = non_blocking(flags) || forced(flags);
  Status status = at_once ? stop_at_once(lock, *module, flags, taken)
                          : stop_and_wait(lock, *module, token, taken);
  if (!status.ok())
    return status;
  return take_apart(*module, true, taken);
}

Status LoaderCore::check_possible(const std::string& name, unsigned flags) const {
  const std::string why = "module " + name + ": not possible with scheme " + abilities_.name + ", ";
  if (!abilities_.removal)
    return failure(EOPNOTSUPP, why + "which cannot tell whether anybody is inside");
  if (!abilities_.try_stop && non_blocking(flags) && !forced(flags))
    return failure(EOPNOTSUPP, why +
                                   "which cannot decide without waiting: remove without "
                                   "O_NONBLOCK");
  return {};
}

Status LoaderCore::check_removable(const ModuleBase& module, unsigned flags) const {
  if (!module.sources_.empty()) {
    std::string users;
    for (const ModuleBase* source : module.sources_)
      users += (users.empty() ? "" : ", ") + source->name_;
    return failure(EWOULDBLOCK,
                   "module " + module.name_ + " is used by " + users + ": remove the users first");
  }
  if (module.state() != ModuleState::live)
    return failure(EBUSY, "module " + module.name_ + " is " + to_string(module.state()) +
                              ", not live: wait for its load or removal to end");
  const getput_module* table = module.file_.table();
  if (table->init != nullptr && table->exit == nullptr && !forced(flags))
    return failure(EBUSY, "module " + module.name_ +
                              " has init() and no exit(): it cannot be "
                              "removed, except by force (O_TRUNC)");
  return {};
}

// Decides under the mutex and gives it up on success, when GOING keeps everybody else away. A
// forced removal asks first and then waits for nobody.
Status LoaderCore::stop_at_once(Lock& lock, ModuleBase& module, unsigned flags,
                                RemovalTimes& times) {
  times.stop_ns = monotonic_ns();
  const bool stopped = abilities_.try_stop && module.scheme_try_stop();
  if (!stopped && !forced(flags)) {
    times = {};
    return failure(EWOULDBLOCK, "module " + module.name_ + " is in use (count " +
                                    std::to_string(module.refcount()) +
                                    "): try again, or wait (without O_NONBLOCK)");
  }
  set_state(module, ModuleState::going);
  const getput_module* table = module.file_.table();
  const bool against_the_rules = !stopped || (table->init != nullptr && table->exit == nullptr);
  tainted_ = tainted_ || against_the_rules;
  lock.unlock();
  if (!stopped)
    module.scheme_stop();
  times.refusing_ns = monotonic_ns();
  times.drained_ns = stopped ? times.refusing_ns : 0;
  if (against_the_rules)
    warn("module " + module.name_ + " is removed by force: its users may crash");
  return {};
}

Status LoaderCore::stop_and_wait(Lock& lock, ModuleBase& module, const std::stop_token& token,
                                 RemovalTimes& times) {
  times.stop_ns = monotonic_ns();
  set_state(module, ModuleState::going);  // from here on this thread alone removes the module
  lock.unlock();
  module.scheme_stop();
  times.refusing_ns = monotonic_ns();
  module.scheme_wait_drained(token);
  const bool drained = module.scheme_drained();
  if (drained) {
    times.drained_ns = monotonic_ns();
    return {};
  }
  const std::int64_t inside = module.refcount();
  module.scheme_restart();
  lock.lock();
  set_state(module, ModuleState::live);
  changed_.notify_all();
  times = {};
  return failure(EINTR, "removal of module " + module.name_ + " called off while in use (count " +
                            std::to_string(inside) + "): it is live again");
}

// exit(), the references on other modules, the file. The name stays in the list, UNFORMED, until
// the file is gone, so that the same module cannot be loaded into the middle of it.
Status LoaderCore::take_apart(ModuleBase& module, bool call_exit, RemovalTimes& times) {
  const getput_module* table = module.file_.table();
  if (call_exit && table->exit != nullptr)
    table->exit();
  times.exit_ns = monotonic_ns();
  {
    const std::lock_guard lock(mutex_);
    set_state(module, ModuleState::unformed);
    release_targets(module);
  }
  module.link_ = nullptr;
  module.transport_ = nullptr;
  Status status = module.file_.close(&times.unmap_ns);
  const std::lock_guard lock(mutex_);
  forget(module);  // the last handle frees the object
  return status;
}

Status LoaderCore::shut_down_one(ModuleBase& module) {
  if (module.state() != ModuleState::live) {
    module.file_.abandon();
    return failure(EBUSY, "module " + module.name_ + " is " + to_string(module.state()) +
                              " at shutdown: left mapped");
  }
  set_state(module, ModuleState::going);
  if (abilities_.removal) {
    module.scheme_stop();
    const auto wait = [&](std::stop_token token) { module.scheme_wait_drained(std::move(token)); };
    if (!drained_within(options_.shutdown_wait, wait, [&] { return module.scheme_drained(); })) {
      module.file_.abandon();
      return failure(EBUSY, "module " + module.name_ + " is in use at shutdown (count " +
                                std::to_string(module.refcount()) + "): left mapped");
    }
  }
  RemovalTimes unused;
  return take_apart(module, true, unused);
}

std::vector<Status> LoaderCore::shutdown() {
  std::vector<Status> wrong;
  for (;;) {
    std::shared_ptr<ModuleBase> module;
    {
      // The youngest that nobody uses. Dependencies form no cycle: a module can only use what was
      // LIVE before it.
      const std::lock_guard lock(mutex_);
      const auto unused = std::find_if(modules_.rbegin(), modules_.rend(),
                                       [](const auto& m) { return m->sources_.empty(); });
      if (unused == modules_.rend())
        return wrong;
      module = *unused;
    }
    Status status = shut_down_one(*module);
    if (!status.ok())
      wrong.push_back(std::move(status));
    const std::lock_guard lock(mutex_);
    release_targets(*module);
    forget(*module);
  }
}

}  // namespace getput::modules
