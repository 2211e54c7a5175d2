// SPDX-License-Identifier: MIT
#include "plugin.hpp"

namespace {

/// False if the module refused.
template <class Scheme>
bool hold_module(Scheme& module, Hold& hold) {
  [[maybe_unused]] const getput::ThreadGuardFor<Scheme> guard;
  auto ticket = module.try_get();
  if (!ticket)
    return false;
  hold.until_released(&hold);
  module.put(ticket);
  return true;
}

}  // namespace

extern "C" [[gnu::visibility("default")]] bool hold_atomic_base(getput::AtomicBase<>* module,
                                                                Hold* hold) {
  return hold_module(*module, *hold);
}

extern "C" [[gnu::visibility("default")]] bool hold_epoch(getput::Epoch<>* module, Hold* hold) {
  return hold_module(*module, *hold);
}
