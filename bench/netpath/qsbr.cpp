// SPDX-License-Identifier: MIT
#include "bench/netpath/qsbr.hpp"

#include <urcu/urcu-qsbr.h>

namespace getput::bench::netpath {

QsbrThread::QsbrThread() {
  urcu_qsbr_register_thread();  // which puts the thread online
  urcu_qsbr_thread_offline();
}

QsbrThread::~QsbrThread() {
  urcu_qsbr_unregister_thread();
}

void QsbrThread::online() noexcept {
  if (!online_) {
    urcu_qsbr_thread_online();
    online_ = true;
  }
}

void QsbrThread::offline() noexcept {
  if (online_) {
    urcu_qsbr_thread_offline();
    online_ = false;
  }
}

void QsbrThread::quiescent() noexcept {
  urcu_qsbr_quiescent_state();
}

void QsbrThread::synchronize() noexcept {
  urcu_qsbr_synchronize_rcu();
}

}  // namespace getput::bench::netpath
