// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/counting.hpp"

namespace getput::bench::netpath {

const std::array<CountingPass, kLevelCount> kCountLinux6Staged =
    counting_passes<Variant{Era::linux_6, Shape::staged}>();

}  // namespace getput::bench::netpath
