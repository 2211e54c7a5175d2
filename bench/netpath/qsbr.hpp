// SPDX-License-Identifier: MIT
// urcu-qsbr, the RCU flavour of the tables: readers pay nothing, and say between batches that they
// hold no pointer (one quiescent state a poll, as the kernel's softirq does). Behind functions, so
// that no header of this folder brings a liburcu flavour into a scheme's translation unit.
#pragma once

namespace getput::bench::netpath {

/// Registers the calling thread with urcu-qsbr while it lives, offline at first. An offline thread
/// holds up no grace period and may wait for whatever it likes; it must not look into a table.
/// They nest: an inner one leaves the thread online or offline as it found it.
class QsbrThread {
 public:
  QsbrThread();
  ~QsbrThread();
  QsbrThread(const QsbrThread&) = delete;
  QsbrThread& operator=(const QsbrThread&) = delete;

  void online() noexcept;
  void offline() noexcept;
  /// Online threads only: no pointer taken from a table before is used any more.
  static void quiescent() noexcept;
  /// Returns when every thread has been quiescent or offline; the caller counts as offline.
  static void synchronize() noexcept;

 private:
  bool was_online_ = false;
};

}  // namespace getput::bench::netpath
