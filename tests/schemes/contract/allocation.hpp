// SPDX-License-Identifier: MIT
// Memory: a get that allocates must not be called by a signal handler, which may have interrupted
// malloc().
#pragma once

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/contract/basics.hpp"

namespace getput::contract {

/// Bytes that a thread's first gets have allocated by malloc(), many references being held at once.
template <class S>
std::size_t bytes_that_first_gets_allocate(S& module) {
  std::size_t bytes = 0;
  Worker<S> newcomer("newcomer");
  newcomer.run([&] {
    std::vector<typename S::Ticket> tickets(100);  // this thread's malloc() is at work from here on
    const std::size_t before = mallinfo2().uordblks;
    for (auto& ticket : tickets) ticket = module.try_get();
    bytes = mallinfo2().uordblks - before;
    for (auto& ticket : tickets) module.put(ticket);
  });
  return bytes;
}

template <class S>
Verdict gets_allocate_as_claimed() {
  if (kSanitized)
    return untestable("a sanitizer's malloc() does not say how much is in use");
  S module;
  const std::size_t bytes = bytes_that_first_gets_allocate(module);
  GETPUT_REQUIRE((bytes != 0) == S::info.get_allocates,
                 "a thread's first gets allocate " + std::to_string(bytes) + " bytes");
  return kept();
}

}  // namespace getput::contract
