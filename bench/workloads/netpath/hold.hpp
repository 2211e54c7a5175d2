// SPDX-License-Identifier: MIT
// One module reference on the packet path, or nothing at all where the level does not charge.
#pragma once

#include "modules/module.hpp"
#include "schemes/scheme.hpp"

namespace getput::bench::netpath {

/// Holds a reference to a module from its construction to its end, if @p Charged.
template <class S, bool Charged>
class Hold {
 public:
  /// Counts into @p gets when it succeeds.
  template <class Gets>
  [[gnu::always_inline]] Hold(modules::Module<S>* module, Gets& gets) noexcept
      : module_(module), ticket_(modules::try_module_get(module)) {
    if (ticket_)
      ++gets;
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
  modules::Module<S>* module_;
  modules::ModuleTicket<S> ticket_;
};

template <class S>
class Hold<S, false> {
 public:
  template <class Gets>
  Hold(modules::Module<S>* /*module*/, Gets& /*gets*/) noexcept {}
  ~Hold() {}  // not trivial, so that an unused one is no warning
  explicit operator bool() const noexcept { return true; }
};

}  // namespace getput::bench::netpath
