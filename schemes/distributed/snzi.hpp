// SPDX-License-Identifier: MIT
// snzi: a tree that knows whether it is empty, and can be closed.
//
// What: a get arrives at the leaf of its CPU. Only the first to arrive at an empty leaf goes on to
// the leaf's parent, and only the last to leave it leaves the parent too; so the root changes
// rarely. The root alone answers "is any reference held?". Closed, it admits no get unless a
// reference is held.
//
// The first to arrive at an empty leaf also leaves a resident reference there, which belongs to the
// scheme. The leaf does not become empty again, so later gets and puts change the leaf alone.
// Before the remover asks the root, it bars every leaf: it removes the residents, and no new one is
// left at a barred leaf. A removal that fails, and restart(), lift the bars.
//
// Where from: Ellen, Lev, Luchangco, Moir: "SNZI: Scalable NonZero Indicators", PODC 2007;
// closable: Lev, Luchangco, Olszewski: "Scalable Reader-Writer Locks", SPAA 2009.
//
// Cost: one compare-exchange per get and one locked subtraction per put, both on the line of the
// CPU. The first get on a CPU, and gets while a removal is tried, also exchange twice at the leaf
// and once at each level up to the root. A remover changes one word per possible CPU up to three
// times.
//
// Invariants
//   I1  A node with a surplus holds exactly one surplus at its parent, once every arrival and
//       departure under way has finished; never none.
//   I2  A leaf goes 0 -> 1/2 -> 1: whoever makes it 1/2 is counted by the exchange to 1, whoever
//       does that, after an arrival at the parent. Who arrived there in vain departs again. A
//       remover that bars the leaf meanwhile only makes the exchange start over.
//   I3  The version grows with each 0 -> 1/2. An exchange from 1/2 back to 0 (the root is closed)
//       undoes exactly one such.
//   I4  root_ = closed bit, and the surplus of the root; try_stop() closes it only at zero.
//   I5  A leaf's surplus is the references taken there, and one more if it has the mark of a
//       resident. Only gets set that mark, in one step with the resident, at a leaf that has a
//       surplus and no bar. Only the remover removes both, in one step, at a barred leaf.
//
// Ordering: every exchange acquires and releases; the loads before them need not.
//   E1  put's subtraction -> (the leaf's last put, or the remover that takes the resident away, ->
//       ... ->) root at zero -> drained()'s acquire load.
//   E2  closing the root -> try_get's acquire load of it, or its refusal at the root.
//   E3  restart's exchange of root_ -> try_get's acquire load of it.
//
// Limits: the ticket names the leaf; any thread may give it back. A leaf counts to 2^31 - 1 and
// then spoils its version, which repeats itself after 2^30 arrivals at an empty leaf. One cache
// line per CPU and object, and above 8 CPUs one more per 7 of them, plus what the allocator takes
// to align them. The published root has a separate indicator word and announce bits, so that
// readers of the answer do not share a line with arrivals; one remover who asks does not need them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "../machine/native.hpp"
#include "../scheme.hpp"
#include "snzi_node.hpp"

namespace getput {

template <class M = machine::Native, unsigned Fanout = 8>
class Snzi : private SnziWord {
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
    add(leaf(held.index()), kOne);  // its own reference is a surplus there: I5
    return held;
  }

  void put(Ticket held) noexcept {
    if (!leave(leaf(held.index()))) [[likely]]  // E1
      return;
    depart_parent_of_leaf(held.index());
  }

  [[nodiscard]] bool try_stop() {
    if (more_than_residents())  // busy for sure: do not disturb the callers
      return false;
    bar_leaves();
    std::uint64_t unused = 0;
    if (root_.compare_exchange_strong(unused, kClosed, std::memory_order_acq_rel))  // E1, E2
      return true;
    lift_bars();
    return false;
  }

  void stop() {
    root_.fetch_or(kClosed, std::memory_order_acq_rel);  // E2
    bar_leaves();
  }

  [[nodiscard]] bool drained() { return root_.load(std::memory_order_acquire) == kClosed; }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() {
    root_.fetch_and(~kClosed, std::memory_order_acq_rel);  // E3
    lift_bars();
  }

  std::int64_t count() const { return 0; }

  static std::size_t allocated_here() noexcept {
    constexpr std::size_t kForAlignment = 128;  // glibc
    return first_leaf() == 0 ? 0 : first_leaf() * sizeof(Node) + kForAlignment;
  }

 private:
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
      std::uint64_t seen = look(word, std::memory_order_relaxed);
      if (surplus(seen) >= kOne) {
        counted = join(word);
        continue;
      }
      bool mine = false;
      if (surplus(seen) == 0) {
        const std::uint64_t half = seen + kVersion + kHalf;
        if (!exchange(word, seen, half))
          continue;
        seen = half;
        mine = true;
      }
      // I2: at 1/2 now, by this thread or by another one that is helped.
      const bool arrived = arrive(Shape::parent_of(node));
      std::uint64_t found = seen;
      const bool settled_it = settle(word, found, arrived);
      if (arrived && !settled_it)
        ++in_vain;
      const bool is_one =
          settled_it ? arrived : same_version(found, seen) && surplus(found) >= kOne;  // I3
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
    if (!arrive(first_leaf() + cpu))
      return false;
    leave_a_resident(cpu);
    return true;
  }
  [[gnu::noinline]] void depart_parent_of_leaf(unsigned cpu) noexcept {
    depart(Shape::parent_of(first_leaf() + cpu));
  }

  /// For a thread with a reference at the leaf. If the word changes meanwhile, none is left there.
  void leave_a_resident(unsigned cpu) noexcept {
    std::uint64_t seen = look(leaf(cpu), std::memory_order_relaxed);
    if ((seen & (kBarred | kResident)) == 0)
      exchange(leaf(cpu), seen, seen + kOne + kResident);  // I5
  }

  bool more_than_residents() noexcept {
    for (unsigned cpu = 0; cpu < M::possible_cpus(); ++cpu) {
      const std::uint64_t seen = look(leaf(cpu), std::memory_order_relaxed);
      if (surplus(seen) >= ((seen & kResident) != 0 ? 2 * kOne : kOne))
        return true;
    }
    return false;
  }

  void bar_leaves() noexcept {
    for (unsigned cpu = 0; cpu < M::possible_cpus(); ++cpu) {
      const auto before =
          leaf(cpu).fetch_or(static_cast<std::int64_t>(kBarred), std::memory_order_acq_rel);
      if ((static_cast<std::uint64_t>(before) & kResident) != 0 &&
          leave(leaf(cpu), kResident))  // I5, E1
        depart_parent_of_leaf(cpu);
    }
  }

  void lift_bars() noexcept {
    for (unsigned cpu = 0; cpu < M::possible_cpus(); ++cpu)
      leaf(cpu).fetch_and(static_cast<std::int64_t>(~kBarred), std::memory_order_acq_rel);  // E3
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
