// SPDX-License-Identifier: MIT
// The one line of a scheme's second generated unit, which only getput-bench-paper links:
//   GETPUT_REGISTER_PAPER(PercpuRef)
// Charge levels and schemes multiply with the copies of each, so what --quick does not measure is
// compiled apart.
#pragma once

#include "bench/workloads/netpath/level_code.hpp"
#include "schemes/machine/native.hpp"

#define GETPUT_REGISTER_PAPER(Class)                                                           \
  namespace {                                                                                  \
  const bool getput_paper_##Class = ::getput::bench::netpath::CompiledLevels<                  \
      ::getput::Class<::getput::machine::Native>>::add<::getput::bench::netpath::Level::l5>(); \
  }
