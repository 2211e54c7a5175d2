// SPDX-License-Identifier: MIT
#include "bench/workloads/netpath/work.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

namespace getput::bench::netpath {
namespace {

constexpr std::size_t kRingBytes = std::size_t{256} << 10;
constexpr std::size_t kLine = 64;
constexpr std::size_t kWordsPerLine = kLine / sizeof(std::uint32_t);
// sizeof(struct sk_buff) and skb_shared_info in 6.x, as far as build_skb zeroes them.
constexpr std::size_t kZeroed = 232 + 320;
// An unpredictable branch for so many steps; a kernel's packet takes a few in hundreds.
constexpr unsigned kStepsPerBranch = 13;

/// One random cycle through all lines of the ring, so that each load depends on the one before.
std::vector<std::uint32_t> random_cycle() {
  const std::size_t lines = kRingBytes / kLine;
  std::vector<std::uint32_t> order(lines);
  std::iota(order.begin(), order.end(), 0U);
  std::mt19937_64 random(1);
  for (std::size_t i = lines - 1; i > 0; --i) std::swap(order[i], order[random() % (i + 1)]);
  std::vector<std::uint32_t> ring(lines * kWordsPerLine);
  for (std::size_t i = 0; i < lines; ++i) {
    ring[order[i] * kWordsPerLine] =
        static_cast<std::uint32_t>(order[(i + 1) % lines] * kWordsPerLine);
  }
  return ring;
}

}  // namespace

void PacketWork::set(WorkKind kind, unsigned steps) {
  kind_ = kind;
  steps_ = kind == WorkKind::bare || kind == WorkKind::skb ? 0 : steps;
  if (kind != WorkKind::bare && ring_.empty())
    ring_ = random_cycle();
}

[[gnu::noinline]] void PacketWork::begin() noexcept {
  if (kind_ != WorkKind::skb)
    return at_site();
  constexpr std::size_t kPlaces = kRingBytes / 1024;
  at_ = (at_ + 1) % kPlaces;
  std::memset(ring_.data() + at_ * (1024 / sizeof(std::uint32_t)), 0, kZeroed);
  asm volatile("" : : "r"(ring_.data()) : "memory");
}

[[gnu::noinline]] void PacketWork::run() noexcept {
  std::uint32_t at = at_;
  auto [a, b, c, d] = sums_;
  const bool mixed = kind_ == WorkKind::kernel;
  for (unsigned step = 0; step < steps_; ++step) {
    at = ring_[at];
    if (!mixed)
      continue;
    a = (a + 0x9e3779b97f4a7c15ULL) ^ (a >> 7U);
    b = (b + 0xbf58476d1ce4e5b9ULL) ^ (b >> 9U);
    c = (c + 0x94d049bb133111ebULL) ^ (c >> 11U);
    d = (d + 0xd6e8feb86659fd93ULL) ^ (d >> 13U);
    if (step % kStepsPerBranch == kStepsPerBranch - 1) {
      noise_ = noise_ * 6364136223846793005ULL + 1442695040888963407ULL;
      if ((noise_ >> 63U) != 0)
        asm volatile("" : "+r"(a));  // a branch that the compiler keeps
    }
  }
  at_ = at;
  sums_ = {a, b, c, d};
}

}  // namespace getput::bench::netpath
