// SPDX-License-Identifier: MIT
// The life cycle of modules: load, remove, look up. The rules are the kernel's; the scheme is
// behind ModuleBase's virtual functions, which no fast path calls. Use Loader<S> (loader.hpp).
//
// States:  UNFORMED -> COMING -> LIVE -> GOING -> UNFORMED -> gone
//                         \-- init() < 0 --/^
//
// Locking: one mutex guards the list, the states' changes and the dependencies. It is never held
// while init() or exit() runs, while a remover waits for holders, nor while a file is opened or
// closed: a hung module blocks nobody but its own loader or remover. A GOING or UNFORMED state
// keeps others off the module meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "modules/module_base.hpp"
#include "modules/status.hpp"

namespace getput::modules {

/// How a loader behaves. The defaults are the kernel's.
struct LoaderOptions {
  ComingRule coming = ComingRule::plain;
  /// Where the plug-ins are; empty: GETPUT_PLUGIN_DIR or relative to the executable.
  std::filesystem::path plugin_dir;
  /// How long a load waits for a dependency that is still COMING before it gives up with EBUSY.
  std::chrono::milliseconds dependency_wait{30'000};
  /// How long shutdown() waits for holders of one module before it leaves the module mapped.
  std::chrono::milliseconds shutdown_wait{1'000};
  /// Receives warnings, one line each; empty: stderr.
  std::function<void(std::string_view)> warn;
};

/// Instants of a removal, CLOCK_MONOTONIC nanoseconds; 0 where the removal did not get that far.
struct RemovalTimes {
  std::int64_t stop_ns = 0;      ///< the remover begins to turn callers away
  std::int64_t refusing_ns = 0;  ///< no try_module_get that starts from here on succeeds
  std::int64_t drained_ns = 0;   ///< nobody is inside; 0 when forced on a busy module
  std::int64_t exit_ns = 0;      ///< exit() has returned
  std::int64_t unmap_ns = 0;     ///< dlclose() has returned (the proof comes after it)
};

/// One line of the module list, as /proc/modules has it.
struct ModuleRow {
  std::string name;
  ModuleState state = ModuleState::unformed;
  std::int64_t refcount = 0;
  std::vector<std::string> used_by;
};

/// What the loader must know of the scheme.
struct SchemeAbilities {
  std::string name;
  bool removal = true;   ///< SchemeInfo::removal
  bool try_stop = true;  ///< SchemeInfo::try_stop
};

class LoaderCore {
 public:
  LoaderCore(const LoaderCore&) = delete;
  LoaderCore& operator=(const LoaderCore&) = delete;

  /// Removes a module; delete_module(2) with the kernel's order of checks.
  ///
  /// `flags` (fcntl.h): O_NONBLOCK refuses when somebody is inside; without it the call turns new
  /// callers away and waits until the module has drained, as the kernel did until 3.12. `token`
  /// ends the wait: the module is live again and the result EINTR. O_TRUNC forces: a module
  /// without exit() goes, nobody is waited for, and the loader is tainted.
  ///
  /// Errors, in the order of the checks: EOPNOTSUPP the scheme cannot do it; ENOENT not loaded;
  /// EWOULDBLOCK other modules use it; EBUSY not LIVE, or init() without exit(); EWOULDBLOCK
  /// somebody is inside; EINTR see above. ENOTRECOVERABLE: removed, but the text is still mapped
  /// and the measurement void.
  ///
  /// One remover at a time gets past the checks; a second one sees EBUSY. The calling thread holds
  /// the scheme's ThreadGuard, and no reference to the module.
  Status delete_module(const std::string& name, unsigned flags, std::stop_token token = {},
                       RemovalTimes* times = nullptr);

  /// Modules in the order they were loaded.
  [[nodiscard]] std::vector<ModuleRow> list() const;

  /// True once a removal was forced.
  [[nodiscard]] bool tainted() const;

  /// Ends the system: stops, drains, exits and unmaps every module, users before what they use.
  /// Also for schemes that cannot remove, where the caller vouches that nobody is inside. A module
  /// that does not drain in time is left mapped. Returns what went wrong, one Status a module. No
  /// other call of this loader may be running or follow, except list().
  std::vector<Status> shutdown();

 protected:
  LoaderCore(LoaderOptions options, SchemeAbilities abilities);
  ~LoaderCore();

  using Factory = std::function<std::shared_ptr<ModuleBase>()>;

  Status load_module(const std::string& name, const std::string& params, std::stop_token token,
                     const Factory& make, std::shared_ptr<ModuleBase>& loaded);
  [[nodiscard]] std::shared_ptr<ModuleBase> find_module(const std::string& name) const;
  // strong get on the owner of a symbol; -EBUSY while it is coming, -ENOENT else.
  Status find_symbol(const std::string& symbol, const std::function<bool(ModuleBase&)>& get,
                     std::shared_ptr<ModuleBase>& owner, const void*& address) const;
  [[nodiscard]] const LoaderOptions& options() const noexcept { return options_; }

 private:
  using Lock = std::unique_lock<std::mutex>;

  // load.cpp
  Status add_unformed(const std::shared_ptr<ModuleBase>& module, const std::stop_token& token);
  Status form(ModuleBase& module, const std::stop_token& token);
  Status resolve(ModuleBase& module, const std::stop_token& token);
  Status use_module(Lock& lock, ModuleBase& user, const std::string& target,
                    const std::stop_token& token);
  Status run_init(ModuleBase& module, const std::string& params);
  Status abort_load(ModuleBase& module, Status why);

  // remove.cpp
  Status check_possible(const std::string& name, unsigned flags) const;
  Status check_removable(const ModuleBase& module, unsigned flags) const;
  // Both give up the lock when they succeed.
  Status stop_at_once(Lock& lock, ModuleBase& module, unsigned flags, RemovalTimes& times);
  Status stop_and_wait(Lock& lock, ModuleBase& module, const std::stop_token& token,
                       RemovalTimes& times);
  Status take_apart(ModuleBase& module, bool call_exit, RemovalTimes& times);
  Status shut_down_one(ModuleBase& module);

  // Under the mutex.
  [[nodiscard]] std::shared_ptr<ModuleBase> find_locked(const std::string& name) const;
  [[nodiscard]] std::string loaded_names() const;
  void release_targets(ModuleBase& module);
  void forget(const ModuleBase& module);
  static void set_state(ModuleBase& module, ModuleState state) noexcept;

  void warn(const std::string& line) const;

  const LoaderOptions options_;
  const SchemeAbilities abilities_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;  // the kernel's module_wq
  std::vector<std::shared_ptr<ModuleBase>> modules_;
  bool tainted_ = false;
};

}  // namespace getput::modules
