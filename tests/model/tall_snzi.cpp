// SPDX-License-Identifier: MIT
// SNZI with an inner node: the model's machine has two CPUs, and a tree of eight children a node
// has one above eight only. Here two children a node and three CPUs, of which the callers are on
// the two that share the inner node.
#include <array>
#include <cstddef>
#include <cstdint>

#include "schemes/distributed/snzi.hpp"

#include "tests/model/model.hpp"

namespace getput {
template <class M>
struct ThreeCpus : M {
  static unsigned possible_cpus() noexcept { return 3; }
  static unsigned current_cpu() noexcept { return 1 + M::current_cpu(); }

  template <std::size_t>
  class PerCpuWords {
   public:
    template <std::size_t>
    auto& on(unsigned cpu) noexcept {
      return words_.at(cpu);
    }

   private:
    std::array<typename M::template Atomic<std::int64_t>, 3> words_;
  };
};

template <class M>
class TallSnzi : public Snzi<ThreeCpus<M>, 2> {};
}  // namespace getput

GETPUT_MODEL_TESTS(TallSnzi)
