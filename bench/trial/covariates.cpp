// SPDX-License-Identifier: MIT
#include "bench/trial/covariates.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>

namespace getput::bench {
namespace {

/// The whole file, or nothing where it cannot be read.
std::string text_of(const char* path) {
  std::string text;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return text;
  }
  std::array<char, 16384> part{};
  for (ssize_t length = 0; (length = read(fd, part.data(), part.size())) > 0;) {
    text.append(part.data(), static_cast<std::size_t>(length));
  }
  close(fd);
  return text;
}

/// Takes the next line, without its end, off @p text.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// Takes the next word off @p line; empty at its end.
std::string_view next_word(std::string_view& line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    line = {};
    return {};
  }
  const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
  const std::string_view word = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return word;
}

template <class Number>
bool parse(std::string_view word, Number& value) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && end == word.data() + word.size();
}

/// The number in "cpu12", "CPU12".
bool parse_cpu(std::string_view word, unsigned& pu) {
  return word.size() > 3 && parse(word.substr(3), pu);
}

bool contains(const std::vector<unsigned>& pus, unsigned pu) {
  return std::find(pus.begin(), pus.end(), pu) != pus.end();
}

template <class Value>
std::optional<Value> difference(const std::optional<Value>& after,
                                const std::optional<Value>& before) {
  return after && before ? std::optional<Value>(*after - *before) : std::nullopt;
}

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

std::optional<double> steal_ms(const std::string& proc_stat, const std::vector<unsigned>& pus) {
  constexpr int kStealColumn = 8;
  static const double ms_per_tick = 1e3 / static_cast<double>(sysconf(_SC_CLK_TCK));
  std::optional<double> sum;
  for (std::string_view text = proc_stat; !text.empty();) {
    std::string_view line = next_line(text);
    unsigned pu = 0;
    if (line.substr(0, 3) != "cpu") {
      break;  // the CPUs come first
    }
    if (!parse_cpu(next_word(line), pu) || !contains(pus, pu)) {
      continue;
    }
    std::string_view word;
    for (int column = 0; column < kStealColumn; ++column) {
      word = next_word(line);
    }
    if (std::uint64_t ticks = 0; parse(word, ticks)) {
      sum = sum.value_or(0.0) + static_cast<double>(ticks) * ms_per_tick;
    }
  }
  return sum;
}

std::optional<std::uint64_t> interrupts(const std::string& table,
                                        const std::vector<unsigned>& pus) {
  std::string_view text = table;
  std::string_view header = next_line(text);
  std::vector<bool> wanted;  // by column: the CPUs that are online
  for (std::string_view word = next_word(header); !word.empty(); word = next_word(header)) {
    unsigned pu = 0;
    wanted.push_back(parse_cpu(word, pu) && contains(pus, pu));
  }
  if (std::find(wanted.begin(), wanted.end(), true) == wanted.end()) {
    return std::nullopt;
  }
  std::uint64_t sum = 0;
  while (!text.empty()) {
    std::string_view line = next_line(text);
    next_word(line);  // its name
    std::uint64_t of_line = 0;
    std::size_t columns = 0;
    std::uint64_t value = 0;
    while (columns < wanted.size() && parse(next_word(line), value)) {
      of_line += wanted[columns++] ? value : 0;
    }
    // Lines such as ERR have one number for the whole machine.
    sum += columns == wanted.size() && (columns > 1 || !line.empty()) ? of_line : 0;
  }
  return sum;
}

MachineReading MachineReading::now(const std::vector<unsigned>& pus) {
  return {bench::steal_ms(text_of("/proc/stat"), pus),
          bench::interrupts(text_of("/proc/interrupts"), pus),
          bench::interrupts(text_of("/proc/softirqs"), pus)};
}

void Covariates::end() {
  const MachineReading after = MachineReading::now(pus_);
  steal_ms_ = difference(after.steal_ms, before_.steal_ms);
  interrupts_ = difference(after.interrupts, before_.interrupts);
  softirqs_ = difference(after.softirqs, before_.softirqs);
  double load = 0.0;
  if (getloadavg(&load, 1) == 1) {
    load1_ = load;
  }
}

void Covariates::add(const BurstReport& burst) {
  for (const WorkerReport& worker : burst.workers) {
    add(worker.usage);
    gaps_ += worker.clock_gaps;
    longest_gap_ = std::max(longest_gap_, worker.longest_gap);
    gaps_known_ = true;
  }
}

void Covariates::add(const ThreadUsage& usage) {
  usage_known_ = true;
  usage_.involuntary_switches += usage.involuntary_switches;
  usage_.voluntary_switches += usage.voluntary_switches;
  usage_.minor_faults += usage.minor_faults;
  usage_.major_faults += usage.major_faults;
  if (usage.run_wait_ns) {
    run_wait_ns_ = run_wait_ns_.value_or(0) + *usage.run_wait_ns;
  }
}

Json Covariates::to_json() const {
  const auto counted = [this](long value) { return usage_known_ ? Json(value) : Json(nullptr); };
  Json json = Json::object();
  json["run_wait_ns"] = or_null(run_wait_ns_);
  json["voluntary_switches"] = counted(usage_.voluntary_switches);
  json["involuntary_switches"] = counted(usage_.involuntary_switches);
  json["minor_faults"] = counted(usage_.minor_faults);
  json["major_faults"] = counted(usage_.major_faults);
  json["steal_ms"] = or_null(steal_ms_);
  json["interrupts"] = or_null(interrupts_);
  json["softirqs"] = or_null(softirqs_);
  json["clock_gaps"] = gaps_known_ ? Json(gaps_) : Json(nullptr);
  json["clock_gap_max_ns"] = gaps_known_ ? Json(Clock::instance().ns(longest_gap_)) : Json(nullptr);
  json["load1"] = or_null(load1_);
  json["settle_ms"] = settle_ms_;
  return json;
}

}  // namespace getput::bench
