// SPDX-License-Identifier: MIT
#include "bench/netpath/qsbr.hpp"

#include <urcu/urcu-qsbr.h>

namespace getput::bench::netpath {

namespace {
thread_local constinit unsigned depth = 0;
}

QsbrThread::QsbrThread() {
  if (depth++ == 0) {
    urcu_qsbr_register_thread();  // which puts the thread online
    urcu_qsbr_thread_offline();
  }
  was_online_ = urcu_qsbr_read_ongoing() != 0;
}

QsbrThread::~QsbrThread() {
  if (--depth == 0)
    urcu_qsbr_unregister_thread();
  else
    was_online_ ? online() : offline();
}

void QsbrThread::online() noexcept {
  if (urcu_qsbr_read_ongoing() == 0)
    urcu_qsbr_thread_online();
}

void QsbrThread::offline() noexcept {
  if (urcu_qsbr_read_ongoing() != 0)
    urcu_qsbr_thread_offline();
}

void QsbrThread::quiescent() noexcept {
  urcu_qsbr_quiescent_state();
}

void QsbrThread::synchronize() noexcept {
  urcu_qsbr_synchronize_rcu();
}

}  // namespace getput::bench::netpath
