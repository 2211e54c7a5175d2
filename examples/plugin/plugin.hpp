// SPDX-License-Identifier: MIT
// What host and plugin agree on: the plugin takes a reference to the host's module on the calling
// thread, and holds it for as long as the host tells it to.
#pragma once

#include <getput/schemes/counter/atomic_base.hpp>
#include <getput/schemes/grace/epoch.hpp>

struct Hold {
  void (*until_released)(Hold*);
};

extern "C" {
using HoldAtomicBase = bool(getput::AtomicBase<>* module, Hold* hold);
using HoldEpoch = bool(getput::Epoch<>* module, Hold* hold);
}
