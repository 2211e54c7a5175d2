// SPDX-License-Identifier: MIT
// Mistakes that people make with smart pointers and hazard pointers, planted by wrapping schemes
// that are other people's code and do not run under the model checker. Each has to be caught.
#include "schemes/counter/intrusive_ptr.hpp"
#include "schemes/counter/shared_ptr.hpp"
#include "tests/schemes/contract/handover.hpp"
#include "tests/schemes/contract/removal.hpp"
#include "tests/schemes/contract/siege.hpp"
#include "tests/schemes/contract/storms.hpp"
#include "tests/schemes/mutants/machines.hpp"
#include "tests/schemes/mutants/planted.hpp"

#if defined(__x86_64__)  // where the scheme is listed; a cross build finds the host's xenium, too
#include "schemes/grace/hazard_pointer.hpp"
#endif

namespace getput::mutants {
namespace {

/// The pointer or guard is a temporary: it is gone when the statement ends, and the caller goes on
/// with what it pointed to.
template <class Scheme>
struct LetsGoAtOnce : Scheme {
  typename Scheme::Ticket try_get() noexcept {
    const auto ticket = Scheme::try_get();
    if (ticket)
      Scheme::put(ticket);
    return ticket;
  }
  void put(typename Scheme::Ticket) noexcept {}
};

/// "use_count() == 1, so I am alone": somebody locks the weak_ptr after the look.
template <class Scheme>
struct BelievesUseCount : Scheme {
  bool try_stop() {
    if (Scheme::count() != 0)
      return false;
    Scheme::stop();
    return true;
  }
};

/// lock() decides alone, without a flag: somebody inside keeps the door open for everybody.
template <class Scheme>
struct DoorStaysOpen : Scheme {
  void stop() {
    Scheme::stop();
    Scheme::restart();
  }
};

/// Retires the node and frees it without looking whether somebody points to it.
template <class Scheme>
struct FreesWithoutScan : Scheme {
  bool drained() { return true; }
  void wait_drained(const std::stop_token&) {}
};

using namespace contract;  // the checks

using Shared = SharedPtr<>;
using Intrusive = IntrusivePtr<>;

[[maybe_unused]] const int planted = plant({
    GETPUT_PLANTED("temporary", nobody_inside_after_drain, LetsGoAtOnce<Shared>),
    GETPUT_PLANTED("temporary_handed_over", put_on_other_thread, LetsGoAtOnce<Shared>),
    GETPUT_PLANTED("put_lost", no_reference_is_lost, LosesPut<Shared>),
    GETPUT_PLANTED("use_count_believed", nobody_inside_after_drain, BelievesUseCount<Shared>),
    GETPUT_PLANTED("no_flag", refused_after_stop, DoorStaysOpen<Shared>),
    GETPUT_PLANTED("no_wake", last_put_wakes_remover, SharedPtr<NoWake>),
    GETPUT_PLANTED("temporary", nobody_inside_after_drain, LetsGoAtOnce<Intrusive>),
    GETPUT_PLANTED("put_lost", no_reference_is_lost, LosesPut<Intrusive>),
    GETPUT_PLANTED("use_count_believed", nobody_inside_after_drain, BelievesUseCount<Intrusive>),
});

#if defined(__x86_64__)
using Hazard = HazardPointer<>;

[[maybe_unused]] const int planted_in_xenium = plant({
    GETPUT_PLANTED("temporary", nobody_inside_after_drain, LetsGoAtOnce<Hazard>),
    GETPUT_PLANTED("no_scan", nobody_inside_after_drain, FreesWithoutScan<Hazard>),
    GETPUT_PLANTED("no_scan_while_held", drained_is_exact, FreesWithoutScan<Hazard>),
});
#endif

}  // namespace
}  // namespace getput::mutants
