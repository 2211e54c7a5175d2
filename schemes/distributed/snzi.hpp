// SPDX-License-Identifier: MIT
// snzi: a tree that knows whether it is empty, and can be closed.
//
// What: a get arrives at the leaf of its CPU. Only the first to arrive at an empty leaf goes on to
// the leaf's parent, and only the last to leave it leaves the parent too; so the root changes
// rarely. The root alone answers "is anybody inside?". Closed, it lets nobody in unless somebody is
// inside.
//
// Where from: Ellen, Lev, Luchangco, Moir: "SNZI: Scalable NonZero Indicators", PODC 2007;
// closable: Lev, Luchangco, Olszewski: "Scalable Reader-Writer Locks", SPAA 2009.
//
// Cost: at a leaf where somebody else is inside, one compare-exchange per get and per put on that
// CPU's line. At an empty leaf, also one at each level up to the root: who keeps one reference a
// CPU gets the fast path for all others.
//
// Invariants
//   I1  A node with a surplus holds exactly one surplus at its parent, once every arrival and
//       departure under way has finished; never none.
//   I2  A leaf goes 0 -> 1/2 -> 1: whoever makes it 1/2 is counted by the exchange to 1, whoever
//       does that, after an arrival at the parent. Who arrived there in vain departs again.
//   I3  The version grows with each 0 -> 1/2. An exchange from 1/2 back to 0 (the root is closed)
//       undoes exactly one such.
//   I4  root_ = closed bit, and the surplus of the root; try_stop() closes it only at zero.
//
// Ordering: every exchange acquires and releases; the loads before them need not.
//   E1  put's exchange -> (the leaf's last put -> ... ->) root at zero -> drained()'s acquire load.
//   E2  closing the root -> try_get's acquire load of it, or its refusal at the root.
//   E3  restart's exchange of root_ -> try_get's acquire load of it.
//
// Limits: the ticket names the leaf; any thread may give it back. A leaf counts to 2^31 - 1 and
// then spoils its version, which repeats itself after 2^32 arrivals at an empty leaf. One cache
// line per CPU and object, and above 8 CPUs one more per 7 of them, plus what the allocator takes
// to align them. The published root has a separate indicator word and announce bits, so that
// readers of the answer do not share a line with arrivals; one remover who asks does not need them.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

/// The tree's shape: which node is whose child. Nodes are numbered from the root's children
/// downwards: Fanout of them, then theirs. The first ones are inner nodes, then comes a leaf for
/// each CPU.
template <unsigned Fanout>
class SnziShape {
 public:
  /// As few as give every leaf a place: each takes one and offers Fanout.
  static unsigned inner_nodes(unsigned cpus) noexcept {
    return (std::max(cpus, 2U) - 2) / (Fanout - 1);
  }
  /// Wraps around for the root's children.
  static unsigned parent_of(unsigned node) noexcept { return node / Fanout - 1; }
  static unsigned root() noexcept { return std::numeric_limits<unsigned>::max(); }
};

template <class M = machine::Native, unsigned Fanout = 8>
class Snzi {
 public:
  using Ticket = IndexTicket;  // the leaf: its CPU

  static constexpr SchemeInfo info{
      .name = "snzi",
      .summary = "a closable tree of non-zero indicators, a leaf per CPU",
      .origin = "Ellen et al., PODC 2007; Lev et al., SPAA 2009",
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::lock_free,
      .bytes_per_object = 24,
      .bytes_per_cpu = 64,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };
  static constexpr std::string_view kNoNearOverflow =
      "a leaf's 2^31 wrap into its version and back: no count() shows it";

  Ticket try_get() noexcept {
    if ((root_.load(std::memory_order_acquire) & kClosed) != 0) [[unlikely]]  // E2, E3
      return Ticket();
    const unsigned cpu = M::current_cpu();
    if (join(leaf(cpu))) [[likely]]
      return Ticket(cpu);
    return arrive_at_leaf(cpu) ? Ticket(cpu) : Ticket();
  }

  Ticket get(const Ticket& held) noexcept {
    while (!join(leaf(held.index()))) {
    }
    return held;
  }

  void put(Ticket held) noexcept {
    if (!leave(leaf(held.index()))) [[likely]]  // E1
      return;
    depart_parent_of_leaf(held.index());
  }

  [[nodiscard]] bool try_stop() {
    std::uint64_t unused = 0;
    return root_.compare_exchange_strong(unused, kClosed, std::memory_order_acq_rel);  // E1, E2
  }

  void stop() { root_.fetch_or(kClosed, std::memory_order_acq_rel); }  // E2

  [[nodiscard]] bool drained() { return root_.load(std::memory_order_acquire) == kClosed; }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { root_.fetch_and(~kClosed, std::memory_order_acq_rel); }  // E3

  std::int64_t count() const { return 0; }

  static std::size_t allocated_here() noexcept {
    constexpr std::size_t kForAlignment = 128;  // glibc
    return first_leaf() == 0 ? 0 : first_leaf() * sizeof(Node) + kForAlignment;
  }

 private:
  // A node: twice its surplus in the lower half (1 is "1/2"), its version in the upper.
  static constexpr std::uint64_t kHalf = 1;
  static constexpr std::uint64_t kOne = 2;
  static constexpr std::uint64_t kVersion = std::uint64_t{1} << 32;
  static std::uint64_t surplus(std::uint64_t node) noexcept { return node & (kVersion - 1); }
  static bool same_version(std::uint64_t a, std::uint64_t b) noexcept {
    return a / kVersion == b / kVersion;
  }

  static constexpr std::uint64_t kClosed = 1;
  static constexpr std::uint64_t kOneInside = 2;

  using Word = typename M::template Atomic<std::uint64_t>;
  struct alignas(64) Node {
    Word word{0};
  };

  using Shape = SnziShape<Fanout>;
  static unsigned first_leaf() noexcept { return Shape::inner_nodes(M::possible_cpus()); }

  // Leaves are per-CPU memory.
  decltype(auto) leaf(unsigned cpu) noexcept { return leaves_.template on<kLeaf>(cpu); }

  /// Calls @p use with the node's word, whatever it lives in.
  template <class Use>
  auto with(unsigned node, Use use) noexcept {
    if (node >= first_leaf())
      return use(leaf(node - first_leaf()));
    return use(inner_[node].word);
  }

  /// One more where there is a surplus already; false if there is none, or somebody was faster.
  template <class W>
  static bool join(W&& word) noexcept {
    auto seen = word.load(std::memory_order_relaxed);
    return surplus(static_cast<std::uint64_t>(seen)) >= kOne &&
           word.compare_exchange_strong(seen, seen + static_cast<decltype(seen)>(kOne),
                                        std::memory_order_acq_rel, std::memory_order_relaxed);
  }

  /// One less; true if that was the last.
  template <class W>
  static bool leave(W&& word) noexcept {
    auto seen = word.load(std::memory_order_relaxed);
    while (!word.compare_exchange_weak(seen, seen - static_cast<decltype(seen)>(kOne),
                                       std::memory_order_acq_rel, std::memory_order_relaxed)) {
    }
    return surplus(static_cast<std::uint64_t>(seen)) == kOne;
  }

  [[gnu::noinline]] bool arrive(unsigned node) noexcept {
    if (node == Shape::root())
      return arrive_at_root();
    return with(node, [this, node](auto&& word) { return this->arrive_at(node, word); });
  }

  template <class W>
  bool arrive_at(unsigned node, W&& word) noexcept {
    unsigned in_vain = 0;  // arrivals at the parent that somebody else's made needless
    bool counted = false;
    bool refused = false;
    while (!counted && !refused) {
      auto seen = word.load(std::memory_order_relaxed);
      using Value = decltype(seen);
      const auto as_bits = [](Value value) { return static_cast<std::uint64_t>(value); };
      if (surplus(as_bits(seen)) >= kOne) {
        counted = join(word);
        continue;
      }
      bool mine = false;
      if (surplus(as_bits(seen)) == 0) {
        const auto half = static_cast<Value>(as_bits(seen) + kVersion + kHalf);
        if (!word.compare_exchange_strong(seen, half, std::memory_order_acq_rel))
          continue;
        seen = half;
        mine = true;
      }
      // I2: at 1/2 now, by this thread or by another one that is helped.
      const bool arrived = arrive(Shape::parent_of(node));
      const auto settled =
          static_cast<Value>(arrived ? as_bits(seen) + kHalf : as_bits(seen) - kHalf);
      Value found = seen;
      const bool settled_it =
          word.compare_exchange_strong(found, settled, std::memory_order_acq_rel);
      if (arrived && !settled_it)
        ++in_vain;
      const bool is_one = settled_it ? arrived
                                     : same_version(as_bits(found), as_bits(seen)) &&
                                           surplus(as_bits(found)) >= kOne;  // I3
      counted = mine && is_one;
      refused = !arrived && !is_one;
    }
    for (; in_vain != 0; --in_vain) depart(Shape::parent_of(node));
    return counted;
  }

  bool arrive_at_root() noexcept {
    std::uint64_t seen = root_.load(std::memory_order_relaxed);
    do {
      if (seen == kClosed)  // I4, E2
        return false;
    } while (!root_.compare_exchange_weak(seen, seen + kOneInside, std::memory_order_acq_rel,
                                          std::memory_order_relaxed));
    return true;
  }

  // Apart, so that the way past them saves no registers.
  [[gnu::cold, gnu::noinline]] bool arrive_at_leaf(unsigned cpu) noexcept {
    return arrive(first_leaf() + cpu);
  }
  [[gnu::noinline]] void depart_parent_of_leaf(unsigned cpu) noexcept {
    depart(Shape::parent_of(first_leaf() + cpu));
  }

  void depart(unsigned node) noexcept {
    if (node == Shape::root()) {
      const void* const key = this;  // the object may be gone once the root is at zero
      // E1. Whoever waits has closed the root.
      if (root_.fetch_sub(kOneInside, std::memory_order_seq_cst) == (kClosed | kOneInside))
        M::wake_if_waiting(key);
    } else if (with(node, [](auto&& word) { return leave(word); })) {
      depart(Shape::parent_of(node));
    }
  }

  enum : std::size_t { kLeaf };
  static constexpr std::size_t kWordsPerLine = 8;

  Word root_{0};
  std::unique_ptr<Node[]> inner_ =
      first_leaf() == 0 ? nullptr : std::make_unique<Node[]>(first_leaf());
  typename M::template PerCpuWords<kWordsPerLine> leaves_;
};

}  // namespace getput
