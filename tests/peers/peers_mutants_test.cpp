// SPDX-License-Identifier: MIT
// Mistakes that an adapter of another project's code can make, planted by wrapping the peers. The
// contract checks that every peer passes have to catch each.
#include "bench/peers/boost_ref_counter.hpp"
#include "bench/peers/std_atomic_shared_ptr.hpp"
#include "bench/peers/std_shared_mutex.hpp"
#include "tests/schemes/contract/handover.hpp"
#include "tests/schemes/contract/removal.hpp"
#include "tests/schemes/contract/storms.hpp"
#include "tests/schemes/mutants/planted.hpp"

namespace getput::mutants {
namespace {

/// The library's reference is a temporary: it ends with try_get(), and put() has nothing to
/// release.
template <class Peer>
struct KeepsNothing : Peer {
  typename Peer::Ticket try_get() noexcept {
    const auto ticket = Peer::try_get();
    if (ticket)
      Peer::put(ticket);
    return ticket;
  }
  void put(typename Peer::Ticket) noexcept {}
};

/// The adapter relies on the library alone and has no live flag: a removal refuses no caller.
template <class Peer>
struct HasNoFlag : Peer {
  void stop() {
    Peer::stop();
    Peer::restart();
  }
};

/// The adapter does not wait for the library's readers.
template <class Peer>
struct DoesNotWait : Peer {
  bool drained() { return true; }
  void wait_drained(const StopToken&) {}
};

using namespace contract;  // the checks

using Counter = BoostRefCounter<>;
using Pointer = StdAtomicSharedPtr<>;
using Lock = StdSharedMutex<>;

[[maybe_unused]] const int planted = plant({
    GETPUT_PLANTED("keeps_nothing", nobody_inside_after_drain, KeepsNothing<Counter>),
    GETPUT_PLANTED("no_flag", refused_after_stop, HasNoFlag<Counter>),
    GETPUT_PLANTED("keeps_nothing", put_on_other_thread, KeepsNothing<Pointer>),
    GETPUT_PLANTED("no_flag", refused_after_stop, HasNoFlag<Pointer>),
    GETPUT_PLANTED("does_not_wait", nobody_inside_after_drain, DoesNotWait<Lock>),
    GETPUT_PLANTED("no_flag", refused_after_stop, HasNoFlag<Lock>),
});

}  // namespace
}  // namespace getput::mutants
