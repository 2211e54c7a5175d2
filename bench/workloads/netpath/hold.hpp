// SPDX-License-Identifier: MIT
// One module reference on the packet path, or nothing at all where the level does not charge.
#pragma once

#include "bench/workloads/netpath/reference_counts.hpp"
#include "modules/module.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::netpath {

/// Holds a reference to a module from its construction to its end, if @p Charged.
template <class S, bool Charged>
class Hold {
 public:
  using Module = modules::Module<S>;
  using Ticket = modules::ModuleTicket<S>;

  /// try_module_get. Tells @p references when it succeeds.
  template <class References>
  [[gnu::always_inline]] Hold(Module* module, References& references) noexcept
      : module_(module), ticket_(modules::try_module_get(module)) {
    if (ticket_)
      references.took(Referred::module);
  }
  /// __module_get: @p vouching is a reference to the same module that outlives this one.
  template <class References>
  [[gnu::always_inline]] Hold(Module* module, const Ticket& vouching,
                              References& references) noexcept
      : module_(module), ticket_(modules::module_get(module, vouching)) {
    references.took(Referred::module);
  }
  [[gnu::always_inline]] ~Hold() {
    if (ticket_)
      modules::module_put(module_, ticket_);
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  /// False: the module is going.
  explicit operator bool() const noexcept { return static_cast<bool>(ticket_); }

 private:
  Module* module_;
  Ticket ticket_;
};

template <class S>
class Hold<S, false> {
 public:
  template <class References>
  Hold(modules::Module<S>* /*module*/, References& /*references*/) noexcept {}
  ~Hold() {}  // not trivial, so that an unused one is no warning
  explicit operator bool() const noexcept { return true; }
};

}  // namespace getput::bench::netpath
