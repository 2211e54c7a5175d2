// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/lfht_table.hpp"

#include <new>

#include "schemes/machine/urcu_qsbr.hpp"

namespace getput::bench::netpath {

cds_lfht* make_lfht(std::size_t buckets) {
  constexpr int kNeitherResizeNorCount = 0;
  cds_lfht* table = cds_lfht_new_flavor(buckets, buckets, buckets, kNeitherResizeNorCount,
                                        &urcu_qsbr_flavor, nullptr);
  if (table == nullptr)
    throw std::bad_alloc();
  return table;
}

}  // namespace getput::bench::netpath
