// SPDX-License-Identifier: MIT
#include "bench/netpath/qsbr.hpp"

#include <urcu/urcu-qsbr.h>

#include "schemes/machine/annotate.hpp"

namespace getput::bench::netpath {

namespace {
thread_local constinit unsigned depth = 0;
char grace_period;  // its address stands for the order that a grace period makes, for
                    // ThreadSanitizer
}  // namespace

QsbrThread::QsbrThread() {
  if (depth++ == 0) {
    urcu_qsbr_register_thread();  // which puts the thread online
    urcu_qsbr_thread_offline();
  }
  was_online_ = urcu_qsbr_read_ongoing() != 0;
}

QsbrThread::~QsbrThread() {
  machine::annotate_release(&grace_period);
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
  machine::annotate_release(&grace_period);
  if (urcu_qsbr_read_ongoing() != 0)
    urcu_qsbr_thread_offline();
}

void QsbrThread::quiescent() noexcept {
  machine::annotate_release(&grace_period);
  urcu_qsbr_quiescent_state();
}

void QsbrThread::synchronize() noexcept {
  urcu_qsbr_synchronize_rcu();
  machine::annotate_acquire(&grace_period);
}

}  // namespace getput::bench::netpath
