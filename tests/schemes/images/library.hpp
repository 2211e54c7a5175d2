// SPDX-License-Identifier: MIT
// What the shared library of this test offers for each scheme: a table by name.
#pragma once

#include <cstddef>

namespace getput::images {

/// Operations on an object of the program, compiled in the library. A ticket is copied to and from
/// the caller's memory.
struct Operations {
  const char* name;
  std::size_t ticket_bytes;
  /// Makes and destroys what the thread has to hold; the return value goes to leave().
  void* (*enter)();
  void (*leave)(void* guard);
  bool (*try_get)(void* module, void* ticket);
  void (*put)(void* module, const void* ticket);
  bool (*drained)(void* module);
  void (*pairs)(void* module, int n);
};

/// @p n pairs, in whichever image this is compiled.
template <class S>
void take_and_give_back(S& module, int n) {
  for (int i = 0; i < n; ++i)
    if (auto ticket = module.try_get(); ticket)
      module.put(ticket);
}

/// extern "C" in the library: the table, ended by a null name.
using Table = const Operations* (*)();

}  // namespace getput::images
