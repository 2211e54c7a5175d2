// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/objects/lfht_table.hpp"

#include <new>

// Not from urcu-qsbr.h: read after rculfhash.h it declares no flavour.
extern "C" const struct rcu_flavor_struct urcu_qsbr_flavor;

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
