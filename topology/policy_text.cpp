// SPDX-License-Identifier: MIT
// Policies as text: names, CPU lists, and lists of policies.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "topology/placement.hpp"

namespace getput::topology {
namespace {

// In the order of PolicyKind.
constexpr std::array<PolicyInfo, 6> kPolicies{{
    {"compact", "neighbouring cores first, SMT siblings only when no core is free"},
    {"scatter", "as far apart as possible: round robin over packages, NUMA nodes and L3s"},
    {"per_l3", "one thread in each L3 cache"},
    {"per_numa", "one thread on each NUMA node"},
    {"smt", "all siblings of a core first, then the next core"},
    {"list", "the CPUs named, for example list:0,2,5 or list:0-3,8"},
}};

// Well above any kernel's NR_CPUS; keeps list:0-4294967295 from eating the memory.
constexpr unsigned kMaxCpu = 65535;
constexpr std::string_view kListPrefix = "list:";

/// The whole text as a CPU number, or nothing.
std::optional<unsigned> parse_cpu(std::string_view text) {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc{} || stop != end || value > kMaxCpu) {
    return std::nullopt;
  }
  return value;
}

/// "5" or "0-3" as first and last, or nothing.
std::optional<std::pair<unsigned, unsigned>> parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_cpu(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_cpu(text.substr(dash + 1));
  if (!first || !last || *last < *first) {
    return std::nullopt;
  }
  return std::pair(*first, *last);
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::vector<unsigned> parse_list(std::string_view text) {
  std::vector<unsigned> list;
  std::vector<bool> seen(kMaxCpu + 1);
  for (const std::string_view part : split(text)) {
    const auto range = parse_range(part);
    if (!range) {
      throw RequestError(fmt::format(
          "placement list:{}: \"{}\" is not a CPU number or a range up to {}; write for "
          "example list:0,2,5 or list:0-3,8",
          text, part, kMaxCpu));
    }
    for (unsigned cpu = range->first; cpu <= range->second; ++cpu) {
      if (seen[cpu]) {
        throw RequestError(fmt::format(
            "placement list:{}: CPU {} is named twice; each thread needs a CPU of its own", text,
            cpu));
      }
      seen[cpu] = true;
      list.push_back(cpu);
    }
  }
  return list;
}

}  // namespace

std::span<const PolicyInfo> known_policies() noexcept {
  return kPolicies;
}

Policy parse_policy(std::string_view text) {
  if (text.starts_with(kListPrefix)) {
    return {PolicyKind::list, parse_list(text.substr(kListPrefix.size()))};
  }
  for (std::size_t i = 0; i < kPolicies.size(); ++i) {
    const auto kind = static_cast<PolicyKind>(i);
    if (kPolicies[i].name == text && kind != PolicyKind::list) {
      return {kind, {}};
    }
  }
  throw RequestError(
      fmt::format("unknown placement \"{}\"; known: compact, scatter, per_l3, per_numa, smt, "
                  "list:CPU,CPU,... (for example list:0,2,5)",
                  text));
}

std::vector<Policy> parse_policies(std::string_view text) {
  std::vector<std::string> texts;
  for (const std::string_view part : split(text)) {
    const bool number = !part.empty() && part.front() >= '0' && part.front() <= '9';
    if (number && !texts.empty() && texts.back().starts_with(kListPrefix)) {
      texts.back().append(",").append(part);
    } else {
      texts.emplace_back(part);
    }
  }
  std::vector<Policy> policies;
  policies.reserve(texts.size());
  for (const std::string& policy : texts) {
    policies.push_back(parse_policy(policy));
  }
  return policies;
}

std::string to_string(const Policy& policy) {
  const std::string_view name = kPolicies.at(static_cast<std::size_t>(policy.kind)).name;
  if (policy.kind == PolicyKind::list) {
    return fmt::format("{}:{}", name, fmt::join(policy.list, ","));
  }
  return std::string(name);
}

}  // namespace getput::topology
