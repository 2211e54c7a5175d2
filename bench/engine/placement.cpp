// SPDX-License-Identifier: MIT
#include "bench/engine/placement.hpp"

#include <algorithm>

#include "topology/pin.hpp"
#include "topology/placement.hpp"
#include "topology/topology.hpp"

namespace getput::bench {

const topology::Topology& this_machine() {
  static const topology::Topology machine = topology::Topology::of_this_machine();
  return machine;
}

const std::vector<unsigned>& allowed_pus() {
  static const std::vector<unsigned> pus = [] {
    std::vector<unsigned> all;
    for (const topology::Pu& pu : this_machine().pus()) {
      all.push_back(pu.os);
    }
    std::sort(all.begin(), all.end());
    return all;
  }();
  return pus;
}

std::vector<std::string> parse_places(const std::string& text) {
  std::vector<std::string> names;
  for (const topology::Policy& policy : topology::parse_policies(text)) {
    names.push_back(topology::to_string(policy));
  }
  return names;
}

Placement place(const std::string& policy, unsigned threads) {
  return {policy, topology::place(this_machine(), topology::parse_policy(policy), threads)};
}

std::string place_impossible(const std::string& policy, unsigned threads) {
  return topology::try_place(this_machine(), topology::parse_policy(policy), threads).why;
}

void pin_this_thread(unsigned pu) {
  topology::pin_this_thread(this_machine(), pu);
}

void unpin_this_thread() {
  topology::unpin_this_thread(this_machine());
}

bool pinned_to(unsigned pu) noexcept {
  try {
    topology::verify_pinned(this_machine(), pu);
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace getput::bench
