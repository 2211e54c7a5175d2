// SPDX-License-Identifier: MIT
// Covariates of a trial: what else the machine did while it was measured. They are stored beside
// the result and reject nothing. What this machine does not let us read is null.
//
//   per worker and timed window   time on the run queue, switches, page faults, gaps of the clock
//   per trial                     steal, interrupts and softirqs of the CPUs used, load
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/catalog/cell.hpp"
#include "bench/engine/burst.hpp"
#include "bench/engine/thread_usage.hpp"

namespace getput::bench {

/// Steal in milliseconds of the CPUs @p pus, from the text of /proc/stat.
std::optional<double> steal_ms(const std::string& proc_stat, const std::vector<unsigned>& pus);
/// Sum over the columns of the CPUs @p pus, from the text of /proc/interrupts or /proc/softirqs.
std::optional<std::uint64_t> interrupts(const std::string& table, const std::vector<unsigned>& pus);

/// One reading of the counters of the CPUs used.
struct MachineReading {
  std::optional<double> steal_ms;
  std::optional<std::uint64_t> interrupts;
  std::optional<std::uint64_t> softirqs;

  /// Some 0.1 ms on a small machine.
  static MachineReading now(const std::vector<unsigned>& pus);
};

class Covariates {
 public:
  explicit Covariates(std::vector<unsigned> pus) : pus_(std::move(pus)) {}

  /// Around everything that is timed in the trial.
  void begin() { before_ = MachineReading::now(pus_); }
  void end();

  /// A burst that counts.
  void add(const BurstReport& burst);
  /// A worker of a part that times itself.
  void add(const ThreadUsage& usage);
  /// Time slept so that other work could finish.
  void add_settling(double milliseconds) noexcept { settle_ms_ += milliseconds; }

  /// The object of the result line.
  Json to_json() const;

 private:
  std::vector<unsigned> pus_;
  MachineReading before_;
  std::optional<double> steal_ms_;
  std::optional<std::uint64_t> interrupts_;
  std::optional<std::uint64_t> softirqs_;
  std::optional<double> load1_;
  std::optional<std::uint64_t> run_wait_ns_;
  ThreadUsage usage_;
  bool usage_known_ = false;
  std::uint64_t gaps_ = 0;
  Clock::Ticks longest_gap_ = 0;
  bool gaps_known_ = false;
  double settle_ms_ = 0.0;
};

}  // namespace getput::bench
