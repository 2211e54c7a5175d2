// SPDX-License-Identifier: MIT
// Does another hardware thread compete for this core?
//
// In a virtual machine the other thread of the core can belong to another guest. No counter of this
// kernel shows it: steal time counts only when a virtual CPU waits. It nevertheless makes code that
// fills the core 1.3 to 1.6 times slower, for milliseconds to minutes.
#pragma once

namespace getput::bench {

/// Independent additions per cycle that the calling thread completes now, measured in about 1 us. A
/// chain of dependent additions beside them tells how long a cycle is, so that a change of the
/// clock frequency cancels out. A thread that has its core to itself reaches what the core can
/// issue (3.9 on Zen 3); one that shares it gets about half to two thirds of that. An interrupt
/// makes a value too low, or too high if it strikes the chain: readers take the lowest of several.
/// 0 where the code does not know the instruction set.
double issue_rate() noexcept;

}  // namespace getput::bench
