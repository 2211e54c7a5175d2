// SPDX-License-Identifier: MIT
// The reference count of an object of the path: a route, a neighbour, a policy, a socket.
//
// An object's own count is apart from the module count under test. Which scheme keeps it is a
// property of the era (era/) and a template argument of the path; the object only has room for it,
// so that one set of tables serves every choice.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

#include "schemes/scheme.hpp"

namespace getput::bench::netpath {

/// Room for a count of a scheme R that the caller remembers. R is trivially destructible and at
/// most 8 bytes, so that an object and its count share a cache line.
class ObjectCount {
 public:
  /// Begins a new count. The table's own reference is in it (a kernel object starts with 1).
  template <Scheme R>
  void construct() noexcept {
    static_assert(sizeof(R) <= kSize && alignof(R) <= 8 && std::is_trivially_destructible_v<R>);
    std::construct_at(reinterpret_cast<R*>(bytes_));
  }
  /// The count that construct<R>() began.
  template <Scheme R>
  R& as() noexcept {
    return *std::launder(reinterpret_cast<R*>(bytes_));
  }

 private:
  static constexpr std::size_t kSize = 8;
  alignas(8) std::byte bytes_[kSize];
};

/// Takes a reference to an object that the caller knows to be alive: dst_hold, dev_hold, sock_hold.
/// Never refused where the scheme's ticket says no more than "held".
template <Scheme R>
[[gnu::always_inline]] inline typename R::Ticket hold(R& count) noexcept {
  if constexpr (std::is_same_v<typename R::Ticket, BoolTicket>)
    return count.get(BoolTicket(true));
  else
    return count.try_get();
}

}  // namespace getput::bench::netpath
