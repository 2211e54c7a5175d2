// SPDX-License-Identifier: MIT
// stand-in until the forwarding table proper
#pragma once
#include <cstdint>
#include <unordered_map>
#include "bench/workloads/netpath/input/packet.hpp"
#include "bench/workloads/netpath/objects/huge_memory.hpp"
namespace getput::bench::netpath {
class Fib {
 public:
  Fib() : memory_((std::size_t{1} << 24) * 4) {}
  std::uint32_t lookup(const Address& a) const noexcept {
    if (is_ipv4(a))
      return table()[(a.low & 0xffffffffU) >> 8];
    auto it = six_.find(a.high);
    return it == six_.end() ? 0 : it->second;
  }
  void add(const Address& a, std::uint32_t hop) {
    if (is_ipv4(a))
      table()[(a.low & 0xffffffffU) >> 8] = hop;
    else
      six_[a.high] = hop;
  }
  void prefetch(const Address& a) const noexcept {
    if (is_ipv4(a))
      __builtin_prefetch(table() + ((a.low & 0xffffffffU) >> 8));
  }

 private:
  std::uint32_t* table() const noexcept { return reinterpret_cast<std::uint32_t*>(memory_.data()); }
  HugeMemory memory_;
  std::unordered_map<std::uint64_t, std::uint32_t> six_;
};
}  // namespace getput::bench::netpath
