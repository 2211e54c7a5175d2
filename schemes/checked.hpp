// SPDX-License-Identifier: MIT
// Checked<S>: scheme S with a test of what a caller must not do, for debug builds.
//
// Schemes without `put_on_other_thread` keep a reference in the thread that took it. A put on
// another thread then takes back what that thread never had, and a module drains while it is held.
// Programs with fibres do this without a line that shows it: the fibre waits while it holds, and
// goes on on another thread. No scheme tests for it: every put would pay.
//
// Checked<S> remembers in each ticket which thread took the reference, and ends the process with
// one line when it is put, or taken again, elsewhere; likewise when an empty ticket is put. It has
// every other member of S, S::ThreadGuard and S::Session among them, and fits where S does:
//
//   #ifdef NDEBUG
//   using Hold = getput::Epoch<>;
//   #else
//   using Hold = getput::Checked<getput::Epoch<>>;
//   #endif
#pragma once

#include <cstdio>
#include <cstdlib>

#include "machine/local_add.hpp"
#include "scheme.hpp"

namespace getput {

template <class S>
class Checked : public S {
 public:
  /// A ticket of S, and the thread that has the reference.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return static_cast<bool>(held_); }

   private:
    friend class Checked;
    explicit Ticket(typename S::Ticket held) noexcept
        : held_(held), thread_(machine::thread_pointer()) {}
    typename S::Ticket held_{};
    const void* thread_ = nullptr;
  };

  using S::S;

  Ticket try_get() noexcept { return Ticket(S::try_get()); }

  Ticket get(const Ticket& held) noexcept {
    check(held, "taken again");
    return Ticket(S::get(held.held_));
  }

  void put(Ticket held) noexcept {
    check(held, "put");
    S::put(held.held_);
  }

 private:
  static void check(const Ticket& held, const char* deed) noexcept {
    if (!held) [[unlikely]]
      end("an empty ticket is", deed, "test what try_get() returns");
    if (!S::info.put_on_other_thread && held.thread_ != machine::thread_pointer()) [[unlikely]]
      end("a reference of another thread is", deed,
          "stay on the thread (a fibre must not wait while it holds), or use a scheme with "
          "put_on_other_thread, such as thread_split");
  }

  [[noreturn, gnu::cold, gnu::noinline]] static void end(const char* what, const char* deed,
                                                         const char* remedy) noexcept {
    std::fprintf(stderr, "getput: %s: %s %s; remedy: %s\n", S::info.name.data(), what, deed,
                 remedy);
    std::abort();
  }
};

}  // namespace getput
