// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/counting.hpp"

namespace getput::bench::netpath {

const std::array<CountingPass, kLevelCount> kCountLinux26 =
    counting_passes<Variant{Era::linux_2_6, Shape::scalar}>();

}  // namespace getput::bench::netpath
