// SPDX-License-Identifier: MIT
// Room for a scheme's ticket inside an object that knows no scheme.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace getput::bench::netpath {

/// Holds at most one ticket of at most @p kSize bytes, of a type that the caller remembers. Who
/// stores one takes it out.
template <std::size_t kSize>
class TicketRoom {
 public:
  template <class Ticket>
  void store(Ticket ticket) noexcept {
    check<Ticket>();
    std::construct_at(reinterpret_cast<Ticket*>(bytes_), std::move(ticket));
  }
  /// The ticket that store() put here; the space is empty afterwards.
  template <class Ticket>
  Ticket take() noexcept {
    check<Ticket>();
    Ticket* held = std::launder(reinterpret_cast<Ticket*>(bytes_));
    Ticket ticket = std::move(*held);
    std::destroy_at(held);
    return ticket;
  }
  /// The ticket that store() put here, left in its place.
  template <class Ticket>
  const Ticket& peek() const noexcept {
    check<Ticket>();
    return *std::launder(reinterpret_cast<const Ticket*>(bytes_));
  }

 private:
  template <class Ticket>
  static constexpr void check() {
    static_assert(sizeof(Ticket) <= kSize && alignof(Ticket) <= 8,
                  "this ticket does not fit into a packet or table entry");
    static_assert(std::is_nothrow_move_constructible_v<Ticket>);
  }
  alignas(8) std::byte bytes_[kSize];
};

/// Room for every scheme's ticket.
using TicketSpace = TicketRoom<32>;

}  // namespace getput::bench::netpath
