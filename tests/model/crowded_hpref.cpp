// SPDX-License-Identifier: MIT
// hpref where its fast path does not apply. Crowded: another module has a slot of a CPU while the
// reference is taken, so that it goes to another slot, or, where a CPU has only one, into the
// count. Promoted: the holder moves each reference to the count. The other scenarios take a first
// slot nearly always.
#include "schemes/grace/hpref.hpp"

#include "tests/model/model.hpp"

namespace getput {

template <class M, std::size_t kSlots>
class CrowdedHpref : public Hpref<M, kSlots> {
  using Base = Hpref<M, kSlots>;

 public:
  using typename Base::Ticket;

  Ticket try_get() noexcept {
    const Ticket first = occupant.try_get();
    const Ticket second = Base::try_get();
    occupant.put(first);
    return second;
  }

 private:
  static inline Base occupant;  // is never removed
};

template <class M>
class PromotedHpref : public Hpref<M> {
  using Base = Hpref<M>;

 public:
  using typename Base::Ticket;

  Ticket try_get() noexcept {
    const Ticket shown = Base::try_get();
    return shown ? Base::promote(shown) : shown;
  }
};

namespace model {
namespace {

using InAnotherSlot = CrowdedHpref<RelacyMachine, 2>;
using Counted = CrowdedHpref<RelacyMachine, 1>;
using Promoted = PromotedHpref<RelacyMachine>;

[[maybe_unused]] const int tests =
    (static_cast<void>(InAnotherSlot()), static_cast<void>(Counted()),
     register_checks("HprefInAnotherSlot", all_checks<InAnotherSlot>()) +
         register_checks("HprefCounted", all_checks<Counted>()) +
         register_checks("HprefPromoted", all_checks<Promoted>()));

}  // namespace
}  // namespace model
}  // namespace getput
