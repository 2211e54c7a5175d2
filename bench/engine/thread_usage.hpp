// SPDX-License-Identifier: MIT
// What the kernel counted for one thread: switches, page faults and time on the run queue.
#pragma once

#include <cstdint>
#include <optional>

namespace getput::bench {

/// Counts of one thread, totals or a difference of two totals.
struct ThreadUsage {
  long involuntary_switches = 0;
  long voluntary_switches = 0;
  long minor_faults = 0;
  long major_faults = 0;
  std::optional<std::uint64_t> run_wait_ns;  ///< runnable but not running; empty: not readable

  /// What was counted since @p before.
  ThreadUsage since(const ThreadUsage& before) const noexcept;
};

/// Reads the usage of the thread that constructs it; a reading costs some 2 us. Where
/// /proc/thread-self/schedstat cannot be opened, run_wait_ns stays empty.
class UsageReader {
 public:
  UsageReader() noexcept;
  ~UsageReader();
  UsageReader(const UsageReader&) = delete;
  UsageReader& operator=(const UsageReader&) = delete;

  ThreadUsage read() const noexcept;

 private:
  int schedstat_ = -1;
};

}  // namespace getput::bench
