// SPDX-License-Identifier: MIT
// A shared library with its own copy of every scheme.
#include "tests/schemes/images/library.hpp"

#include <cstring>
#include <new>

#include "all_schemes.hpp"

namespace getput::images {
namespace {

template <class S>
constexpr Operations operations_of() {
  using Guard = ThreadGuardFor<S>;
  using Ticket = typename S::Ticket;
  return {S::info.name.data(),
          sizeof(Ticket),
          []() -> void* { return new Guard; },
          [](void* guard) { delete static_cast<Guard*>(guard); },
          [](void* module, void* ticket) {
            return static_cast<bool>(*::new (ticket) Ticket(static_cast<S*>(module)->try_get()));
          },
          [](void* module, const void* ticket) {
            static_cast<S*>(module)->put(*static_cast<const Ticket*>(ticket));
          },
          [](void* module) { return static_cast<S*>(module)->drained(); },
          [](void* module, int n) { take_and_give_back(*static_cast<S*>(module), n); }};
}

}  // namespace

extern "C" [[gnu::visibility("default")]] const Operations* getput_images_table() {
  static constexpr Operations kTable[] = {
#define GETPUT_SCHEME(Class) operations_of<Class<>>(),
      GETPUT_ALL_SCHEMES(GETPUT_SCHEME)
#undef GETPUT_SCHEME
          {}};
  return kTable;
}

}  // namespace getput::images
