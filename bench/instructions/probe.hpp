// SPDX-License-Identifier: MIT
// What the instruction check disassembles: one try_get and one put as a caller's compiler sees
// them.
//
// The probe of try_get is what every caller writes: ask, and go away if refused. Going away is a
// cold call that nothing defines, so the compiler lays that path aside as it does at a real call
// site, and the check (scripts/getputlib/straight_line.py) knows which way out is the refusal: the
// straight line never takes it. A scheme that answers with a value instead of a branch pays for
// the test here, as its callers do.
//
// The objects are never linked. .getput_promise holds what SchemeInfo says about locked
// instructions, so that the check needs nothing but the object.
#pragma once

#include <utility>

#include "schemes/scheme.hpp"

extern "C" [[gnu::cold]] void getput_probe_refused() noexcept;

#ifdef __clang__
// The ABI of a ticket is no matter: nobody calls a probe.
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#endif

#define GETPUT_PROBE(Class, name)                                                                  \
  extern "C" {                                                                                     \
  getput::Class<>::Ticket getput_probe_get_##name(getput::Class<>& scheme) noexcept;               \
  void getput_probe_put_##name(getput::Class<>& scheme, getput::Class<>::Ticket ticket) noexcept;  \
                                                                                                   \
  getput::Class<>::Ticket getput_probe_get_##name(getput::Class<>& scheme) noexcept {              \
    getput::Class<>::Ticket ticket = scheme.try_get();                                             \
    if (!ticket) [[unlikely]]                                                                      \
      getput_probe_refused();                                                                      \
    return ticket;                                                                                 \
  }                                                                                                \
                                                                                                   \
  void getput_probe_put_##name(getput::Class<>& scheme, getput::Class<>::Ticket ticket) noexcept { \
    scheme.put(std::move(ticket));                                                                 \
  }                                                                                                \
                                                                                                   \
  [[gnu::section(".getput_promise")]] extern const int getput_promise_##name[2];                   \
  const int getput_promise_##name[2] = {getput::Class<>::info.locked_in_get,                       \
                                        getput::Class<>::info.locked_in_put};                      \
  }
