// SPDX-License-Identifier: MIT
// A known cost: the scheme none, whose try_get executes so many instructions more. What counts the
// instructions of the packet path has to find the difference of two of these, instruction for
// instruction.
//
// The compiler sees the same statement in both: it cannot lay out the code around it differently.
#pragma once

#include "schemes/control/none.hpp"

namespace getput {

template <unsigned kMore, class M = machine::Native>
class More : public None<M> {
 public:
  using Ticket = typename None<M>::Ticket;
  static constexpr SchemeInfo info = [] {
    SchemeInfo changed = None<M>::info;
    changed.name = kMore == 0 ? "zero_more" : "eight_more";
    changed.summary = "planted: instructions in try_get";
    changed.origin = "test of the instruction count";
    return changed;
  }();

  Ticket try_get() noexcept {
    asm volatile(".rept %c0\n\tnop\n\t.endr" : : "i"(kMore));
    return None<M>::try_get();
  }
};

template <class M = machine::Native>
using ZeroMore = More<0, M>;
template <class M = machine::Native>
using EightMore = More<8, M>;

}  // namespace getput
