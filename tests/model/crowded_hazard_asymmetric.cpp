// SPDX-License-Identifier: MIT
// hazard_asymmetric with another module in the first slot while a reference is taken: it then goes
// to the second slot, or, where there is none, into the module's shared count. The other scenarios
// take the first slot nearly always.
#include <vector>

#include "schemes/grace/hazard_asymmetric.hpp"

#include "tests/model/model.hpp"

namespace getput {

template <class M, std::uint32_t kSlots>
class CrowdedHazardAsymmetric : public HazardAsymmetric<M, kSlots> {
  using Base = HazardAsymmetric<M, kSlots>;

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

namespace model {
namespace {

using InSecondSlot = CrowdedHazardAsymmetric<RelacyMachine, 2>;
using InSharedCount = CrowdedHazardAsymmetric<RelacyMachine, 1>;

/// Any thread can put what the shared word counts: there the binding to a thread does not show.
std::vector<Check> checks_of_shared_count() {
  std::vector<Check> all = all_checks<InSharedCount>();
  std::erase_if(all,
                [](const Check& check) { return check.name == "AdmittedThreadBindingIsSeen"; });
  return all;
}

[[maybe_unused]] const int tests =
    (static_cast<void>(InSecondSlot()), static_cast<void>(InSharedCount()),
     register_checks("HazardAsymmetricInSecondSlot", all_checks<InSecondSlot>()) +
         register_checks("HazardAsymmetricInSharedCount", checks_of_shared_count()));

}  // namespace
}  // namespace model
}  // namespace getput
