// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/table.hpp"

#include <urcu/urcu-qsbr.h>

#include <new>

#include "bench/workloads/netpath/qsbr.hpp"

namespace getput::bench::netpath::detail {

cds_lfht* new_table(unsigned long buckets) {
  cds_lfht* table = cds_lfht_new_flavor(buckets, buckets, buckets, 0, &urcu_qsbr_flavor, nullptr);
  if (table == nullptr)
    throw std::bad_alloc();
  return table;
}

void destroy_table(cds_lfht* table) noexcept {
  // Taking the nodes out first: cds_lfht refuses to go while it holds any. Nobody else is here.
  {
    QsbrThread thread;
    thread.online();
    cds_lfht_iter iter;
    cds_lfht_first(table, &iter);
    while (cds_lfht_node* node = cds_lfht_iter_get_node(&iter)) {
      cds_lfht_next(table, &iter);
      cds_lfht_del(table, node);
    }
  }
  cds_lfht_destroy(table, nullptr);
}

}  // namespace getput::bench::netpath::detail
