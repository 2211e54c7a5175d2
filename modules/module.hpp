// SPDX-License-Identifier: MIT
// A module counted by scheme S, and the three calls of the fast path: try_module_get, module_get
// (the kernel's __module_get) and module_put.
//
// What: try_module_get is a look at the module's state and the scheme's try_get, inlined; there is
// no virtual call and nothing else. A null module stands for code that is built in and cannot go
// away: getting it always succeeds and putting it does nothing, as in the kernel.
//
// Where from: Linux, include/linux/module.h and kernel/module/main.c: `module_is_live(module) &&
// <count>`, where live means "not GOING", so that a module that runs its init() can be entered.
//
// Layout: the state shares a line with what is read and never written on the fast path; the scheme
// has lines of its own, so that a contended count does not slow the look at the state.
//
// Ordering: the state is read relaxed. It turns callers away while a removal drains; that no get
// succeeds after a stop is the scheme's promise and does not rest on the state.
#pragma once

#include <concepts>
#include <utility>
#include <vector>

#include "modules/module_base.hpp"
#include "schemes/scheme.hpp"

namespace getput::modules {

template <Scheme S>
class Module;

/// What module_put() needs back. Converts to false when try_module_get() was refused.
template <Scheme S>
class ModuleTicket {
 public:
  constexpr ModuleTicket() noexcept = default;
  constexpr explicit operator bool() const noexcept { return held_; }

 private:
  explicit ModuleTicket(typename S::Ticket ticket) noexcept
      : ticket_(ticket), held_(static_cast<bool>(ticket)) {}
  static constexpr ModuleTicket built_in() noexcept {
    ModuleTicket ticket;
    ticket.held_ = true;
    return ticket;
  }

  template <Scheme T>
  friend ModuleTicket<T> try_module_get(Module<T>* module) noexcept;
  template <Scheme T>
  friend ModuleTicket<T> module_get(Module<T>* module, const ModuleTicket<T>& held) noexcept;
  template <Scheme T>
  friend void module_put(Module<T>* module, ModuleTicket<T> ticket) noexcept;

  typename S::Ticket ticket_{};
  bool held_ = false;
};

template <Scheme S>
class Module final : public ModuleBase {
 public:
  static_assert(std::default_initializable<typename S::Ticket>);

  /// May throw what the scheme's constructor throws.
  explicit Module(ComingRule rule) : ModuleBase(rule) {}

  /// The reference count, for workloads that measure it without the state look.
  [[nodiscard]] S& scheme() noexcept { return scheme_; }

 private:
  // A read-side section must not stay open while init() runs or a dependent lives: it would stall
  // every grace period of the process. For such schemes, and for those that one thread only may
  // use, the loader keeps a pin of its own; removal looks at state and dependents first anyway.
  static constexpr bool kHoldsLong = S::info.hold_across_sleep && S::info.put_on_other_thread &&
                                     S::info.put_on_other_cpu && S::info.shared_by_threads;

  bool scheme_try_stop() override { return scheme_.try_stop(); }
  void scheme_stop() override { scheme_.stop(); }
  bool scheme_drained() override { return scheme_.drained(); }
  void scheme_wait_drained(std::stop_token token) override {
    scheme_.wait_drained(std::move(token));
  }
  void scheme_restart() override { scheme_.restart(); }
  [[nodiscard]] std::int64_t scheme_count() const override { return scheme_.count(); }

  bool hold() override {
    if constexpr (kHoldsLong) {
      typename S::Ticket ticket = scheme_.try_get();
      if (!ticket)
        return false;
      holds_.push_back(std::move(ticket));
    } else {
      pins_.fetch_add(1);
    }
    return true;
  }

  void unhold() override {
    if constexpr (kHoldsLong) {
      scheme_.put(std::move(holds_.back()));
      holds_.pop_back();
    } else {
      pins_.fetch_sub(1);
    }
  }

  template <Scheme T>
  friend ModuleTicket<T> try_module_get(Module<T>* module) noexcept;
  template <Scheme T>
  friend ModuleTicket<T> module_get(Module<T>* module, const ModuleTicket<T>& held) noexcept;
  template <Scheme T>
  friend void module_put(Module<T>* module, ModuleTicket<T> ticket) noexcept;

  alignas(64) S scheme_;
  alignas(
      64) std::vector<typename S::Ticket> holds_;  // tickets of hold(), under the loader's mutex
};

/// Takes a reference unless the module is going (or coming, under ComingRule::strict). The pointer
/// must be valid: keep the loader's handle, or be called by code that is unregistered in exit().
template <Scheme S>
[[nodiscard]] inline ModuleTicket<S> try_module_get(Module<S>* module) noexcept {
  if (module == nullptr)
    return ModuleTicket<S>::built_in();
  if (!module->admits()) [[unlikely]]
    return {};
  return ModuleTicket<S>(module->scheme_.try_get());
}

/// One more reference for a caller who already holds `held` on the same module; cannot fail. The
/// kernel calls it __module_get and trusts the caller; here the ticket is the evidence.
template <Scheme S>
[[nodiscard]] inline ModuleTicket<S> module_get(Module<S>* module,
                                                const ModuleTicket<S>& held) noexcept {
  if (module == nullptr)
    return ModuleTicket<S>::built_in();
  return ModuleTicket<S>(module->scheme_.get(held.ticket_));
}

/// Gives the reference of `ticket` back; after it the module may be unmapped at any time.
template <Scheme S>
inline void module_put(Module<S>* module, ModuleTicket<S> ticket) noexcept {
  if (module != nullptr)
    module->scheme_.put(std::move(ticket.ticket_));
}

}  // namespace getput::modules
