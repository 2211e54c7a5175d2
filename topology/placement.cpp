// SPDX-License-Identifier: MIT
// The orders of placement.hpp.
#include "topology/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

namespace getput::topology {
namespace {

using Order = std::vector<const Pu*>;

/// PUs with equal class are as good as each other: SMT rank first, then the faster kind of core.
auto class_of(const Pu& pu) {
  return std::tuple(pu.smt_rank, -pu.efficiency);
}

Order compact_order(const Topology& topology) {
  Order order;
  for (const Pu& pu : topology.pus()) {
    order.push_back(&pu);
  }
  // Stable: within a class the tree order stays, which is neighbourhood.
  std::stable_sort(order.begin(), order.end(),
                   [](const Pu* a, const Pu* b) { return class_of(*a) < class_of(*b); });
  return order;
}

// The levels that scatter deals out over, outermost first; inside an L3 the tree order remains.
using Level = unsigned (*)(const Pu&);
constexpr std::array<Level, 3> kScatterLevels{
    [](const Pu& pu) { return pu.package; },
    [](const Pu& pu) { return pu.node; },
    [](const Pu& pu) { return pu.l3.value_or(~0U); },
};

/// Splits by level, orders each part by the levels below, and takes one of each part in turn.
Order deal_out(const Order& pus, std::size_t level) {
  if (level == kScatterLevels.size()) {
    return pus;
  }
  std::vector<unsigned> keys;
  std::vector<Order> parts;
  for (const Pu* pu : pus) {
    const unsigned key = kScatterLevels.at(level)(*pu);
    const auto known = std::find(keys.begin(), keys.end(), key);
    const auto index = static_cast<std::size_t>(known - keys.begin());
    if (known == keys.end()) {
      keys.push_back(key);
      parts.emplace_back();
    }
    parts[index].push_back(pu);
  }
  for (Order& part : parts) {
    part = deal_out(part, level + 1);
  }
  Order order;
  for (std::size_t round = 0; order.size() < pus.size(); ++round) {
    for (const Order& part : parts) {
      if (round < part.size()) {
        order.push_back(part[round]);
      }
    }
  }
  return order;
}

Order scatter_order(const Topology& topology) {
  // Class by class: where packages have unequal numbers of cores, no sibling comes before a core.
  const Order compact = compact_order(topology);
  Order order;
  for (auto begin = compact.begin(); begin != compact.end();) {
    const auto end = std::find_if(begin, compact.end(),
                                  [&](const Pu* pu) { return class_of(*pu) != class_of(**begin); });
    const Order dealt = deal_out(Order(begin, end), 0);
    order.insert(order.end(), dealt.begin(), dealt.end());
    begin = end;
  }
  return order;
}

/// The first PU in compact order of each thing that `key` names; PUs without one are left out.
/// Compact order is tree order inside a class, so near things come next to each other.
template <class Key>
Order first_of_each(const Topology& topology, Key key) {
  std::set<unsigned> seen;
  Order order;
  for (const Pu* pu : compact_order(topology)) {
    const std::optional<unsigned> thing = key(*pu);
    if (thing && seen.insert(*thing).second) {
      order.push_back(pu);
    }
  }
  return order;
}

Order per_l3_order(const Topology& topology) {
  return first_of_each(topology, [](const Pu& pu) { return pu.l3; });
}

Order per_numa_order(const Topology& topology) {
  return first_of_each(topology, [](const Pu& pu) { return std::optional(pu.node); });
}

Order smt_order(const Topology& topology) {
  Order order;
  for (const Pu* first : compact_order(topology)) {
    if (first->smt_rank != 0) {
      break;  // compact has all first siblings in front
    }
    Order siblings;
    for (const Pu& pu : topology.pus()) {
      if (pu.core == first->core) {
        siblings.push_back(&pu);
      }
    }
    if (siblings.size() > 1) {
      order.insert(order.end(), siblings.begin(), siblings.end());
    }
  }
  return order;
}

Order list_order(const Topology& topology, const Policy& policy) {
  Order order;
  for (const unsigned cpu : policy.list) {
    const Pu* pu = topology.find(cpu);
    if (pu == nullptr) {
      throw RequestError(fmt::format("{}: CPU {} {}; allowed here: {}", to_string(policy), cpu,
                                     topology.exists(cpu)
                                         ? "is outside what this process may use (cpuset, affinity)"
                                         : "does not exist or is offline",
                                     topology.allowed_cpuset()));
    }
    order.push_back(pu);
  }
  return order;
}

Order order_of(const Topology& topology, const Policy& policy) {
  switch (policy.kind) {
    case PolicyKind::compact:
      return compact_order(topology);
    case PolicyKind::scatter:
      return scatter_order(topology);
    case PolicyKind::per_l3:
      return per_l3_order(topology);
    case PolicyKind::per_numa:
      return per_numa_order(topology);
    case PolicyKind::smt:
      return smt_order(topology);
    case PolicyKind::list:
      return list_order(topology, policy);
  }
  throw RequestError("placement policy out of range");
}

std::string count(unsigned n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

/// "this machine has 1", or what the allowed CPUs reach when the machine has more.
std::string reach(const Topology& topology, unsigned allowed, unsigned machine) {
  if (allowed == machine) {
    return fmt::format("this machine has {}", machine);
  }
  return fmt::format("the allowed CPUs ({}) reach {} of this machine's {}",
                     topology.allowed_cpuset(), allowed, machine);
}

/// `have` is how many threads the order of the policy can take.
[[noreturn]] void refuse(const Topology& topology, const Policy& policy, unsigned threads,
                         std::size_t have) {
  const std::string head =
      fmt::format("{} with {}", to_string(policy), count(threads, "thread", "threads"));
  const Counts& allowed = topology.allowed();
  const Counts& machine = topology.machine();
  switch (policy.kind) {
    case PolicyKind::per_l3:
      if (machine.l3s == 0) {
        throw EnvironmentError(head + " needs L3 caches, this machine reports none");
      }
      throw EnvironmentError(fmt::format("{} needs {}, {}", head,
                                         count(threads, "L3 cache", "L3 caches"),
                                         reach(topology, allowed.l3s, machine.l3s)));
    case PolicyKind::per_numa:
      throw EnvironmentError(fmt::format("{} needs {}, {}", head,
                                         count(threads, "NUMA node", "NUMA nodes"),
                                         reach(topology, allowed.nodes, machine.nodes)));
    case PolicyKind::smt:
      throw EnvironmentError(fmt::format(
          "{} needs {} on cores with at least two allowed CPUs, there are {} (allowed: {})", head,
          count(threads, "CPU", "CPUs"), have, topology.allowed_cpuset()));
    case PolicyKind::list:
      throw RequestError(fmt::format("{}: the list names {}; name one for each thread", head,
                                     count(static_cast<unsigned>(have), "CPU", "CPUs")));
    default:
      throw RequestError(fmt::format(
          "{} needs {}, allowed here: {} ({}); ask for fewer threads or allow more CPUs "
          "(taskset, cpuset)",
          head, count(threads, "CPU", "CPUs"), allowed.pus, topology.allowed_cpuset()));
  }
}

bool may_wrap(PolicyKind kind) {
  return kind != PolicyKind::per_l3 && kind != PolicyKind::per_numa;
}

}  // namespace

std::vector<unsigned> place(const Topology& topology, const Policy& policy, unsigned threads,
                            Oversubscribe oversubscribe) {
  if (threads == 0) {
    throw RequestError(fmt::format("{} with 0 threads: ask for at least one", to_string(policy)));
  }
  const Order order = order_of(topology, policy);
  const bool wrap = oversubscribe == Oversubscribe::yes && may_wrap(policy.kind);
  if (order.empty() || (threads > order.size() && !wrap)) {
    refuse(topology, policy, threads, order.size());
  }
  std::vector<unsigned> pus;
  pus.reserve(threads);
  for (unsigned thread = 0; thread < threads; ++thread) {
    pus.push_back(order[thread % order.size()]->os);
  }
  return pus;
}

Placement try_place(const Topology& topology, const Policy& policy, unsigned threads,
                    Oversubscribe oversubscribe) {
  try {
    return {place(topology, policy, threads, oversubscribe), {}, 0};
  } catch (const Error& error) {
    return {{}, error.what(), error.exit_code()};
  }
}

}  // namespace getput::topology
