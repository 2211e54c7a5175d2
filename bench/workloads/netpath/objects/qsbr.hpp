// SPDX-License-Identifier: MIT
// urcu-qsbr, the RCU flavour of the tables: readers pay nothing, and say between batches that they
// hold no pointer (one quiescent state a poll, as the kernel's softirq does). A thread is online or
// offline for all of the process: the scheme rcu_qsbr and the tables share the count of reasons to
// be online in schemes/machine/urcu_qsbr.hpp. Behind functions, so that the packet loop does the
// same calls whatever the scheme.
#pragma once

#include "schemes/machine/urcu_qsbr.hpp"

namespace getput::bench::netpath {

/// Registers the calling thread with urcu-qsbr while it lives, offline at first. An offline thread
/// holds up no grace period and may wait for whatever it likes; it must not look into a table.
/// They nest, and the thread is online while one of them is.
class QsbrThread {
 public:
  QsbrThread() = default;
  ~QsbrThread() { offline(); }
  QsbrThread(const QsbrThread&) = delete;
  QsbrThread& operator=(const QsbrThread&) = delete;

  void online() noexcept;
  void offline() noexcept;
  /// Online threads only: no pointer taken from a table before is used any more. Nothing happens
  /// while the thread is online for another reason, too.
  static void quiescent() noexcept;
  /// Returns when every thread has been quiescent or offline; the caller counts as offline.
  static void synchronize() noexcept;

 private:
  machine::RcuQsbrDomain::ThreadGuard registered_;
  bool online_ = false;
};

}  // namespace getput::bench::netpath
