// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/counting.hpp"

namespace getput::bench::netpath {

void count_references(std::size_t level, Variant variant, const PathContext& context, Core& core) {
  // The shape changes no reference, so one pass serves both (a test compares them).
  const auto& passes = variant.era == Era::linux_2_6    ? kCountLinux26
                       : variant.tables == Tables::lfht ? kCountLinux6Lfht
                                                        : kCountLinux6Staged;
  passes[level](context, core);
}

}  // namespace getput::bench::netpath
