// SPDX-License-Identifier: MIT
// A module as the loader sees it: name, state, file, who uses whom. Knows no scheme; module.hpp
// adds the reference count.
#pragma once

#include <atomic>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "modules/plugin_file.hpp"

namespace getput::modules {

/// The kernel's states, with its values (include/linux/module.h, enum module_state).
enum class ModuleState : std::uint32_t {
  live = 0,      ///< normal state
  coming = 1,    ///< fully formed, running init()
  going = 2,     ///< going away
  unformed = 3,  ///< still being set up, or being taken apart
};

/// "live", "coming", "going", "unformed".
const char* to_string(ModuleState state) noexcept;

/// May try_module_get() succeed while init() runs?
enum class ComingRule : std::uint8_t {
  plain,   ///< yes: the kernel's rule since November 2002
  strict,  ///< no: the rule of the first merge, for a week of it, and of the FAQ of 2002
};

class LoaderCore;

/// The part of a module that does not depend on the scheme. Made and changed by the loader alone.
class ModuleBase {
 public:
  explicit ModuleBase(ComingRule rule) noexcept;
  virtual ~ModuleBase() = default;
  ModuleBase(const ModuleBase&) = delete;
  ModuleBase& operator=(const ModuleBase&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// A snapshot; it may change at once unless the caller holds a reference.
  [[nodiscard]] ModuleState state() const noexcept {
    return state_.load(std::memory_order_acquire);
  }
  /// Handlers of the plug-in, or null. To be called, and the table itself to be read, only under
  /// a reference: both lie in memory that the removal unmaps.
  [[nodiscard]] const getput_link_ops* link() const noexcept { return link_; }
  [[nodiscard]] const getput_transport_ops* transport() const noexcept { return transport_; }

  /// References held, for people to read; how exact is the scheme's SchemeInfo::count.
  [[nodiscard]] std::int64_t refcount() const { return scheme_count() + pins_.load(); }

 protected:
  friend class LoaderCore;

  // Cold side of the scheme, called by the loader only; one remover at a time.
  virtual bool scheme_try_stop() = 0;
  virtual void scheme_stop() = 0;
  virtual bool scheme_drained() = 0;
  virtual void scheme_wait_drained(std::stop_token token) = 0;
  virtual void scheme_restart() = 0;
  [[nodiscard]] virtual std::int64_t scheme_count() const = 0;
  // A reference that the loader keeps for long: during init(), and for each dependent module.
  virtual bool hold() = 0;
  virtual void unhold() = 0;

  /// What try_module_get() looks at: false once the module is going (or, under the strict rule,
  /// still coming). Relaxed: it only turns callers away early, the scheme decides.
  [[nodiscard]] bool admits() const noexcept {
    return state_.load(std::memory_order_relaxed) <= admits_up_to_;
  }

  // Holds of schemes that cannot keep a reference for long; changed under the loader's mutex.
  std::atomic<std::int64_t> pins_{0};

 private:
  std::atomic<ModuleState> state_{ModuleState::unformed};
  const ModuleState admits_up_to_;
  const getput_link_ops* link_ = nullptr;
  const getput_transport_ops* transport_ = nullptr;

  std::string name_;
  PluginFile file_;
  std::vector<ModuleBase*> targets_;  // modules this one uses; one reference held on each
  std::vector<ModuleBase*> sources_;  // modules that use this one
};

}  // namespace getput::modules
