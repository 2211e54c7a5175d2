// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/counting.hpp"

namespace getput::bench::netpath {

const std::array<CountingPass, kLevelCount> kCountLinux6Lfht =
    counting_passes<Variant{Era::linux_6, Shape::staged, Tables::lfht}>();

}  // namespace getput::bench::netpath
