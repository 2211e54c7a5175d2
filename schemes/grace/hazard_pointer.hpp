// SPDX-License-Identifier: MIT
// hazard_pointer: xenium's hazard pointers; being inside is a guard on the module's node.
//
// What: the module is a node behind an atomic pointer. try_get lets a guard_ptr acquire it; put
// resets the guard. The remover unpublishes the node and retires it, and is told by xenium's
// reclamation when no guard of any thread points to it.
//
// Where from: xenium 0.0.2 (Manuel Poeter), reclamation/hazard_pointer.hpp: Maged Michael, "Hazard
// Pointers: Safe Memory Reclamation for Lock-Free Objects" (IEEE TPDS 2004). Nothing of it is
// rewritten here: an independent comparator for the schemes of this folder.
//
// Cost: a store, a full fence and a second look at the pointer a get, a plain store a put, and
// xenium's thread-local lookups. No heap memory a module: the node is part of it.
//
// Invariants
//   I1  A guard belongs to the thread that acquired it, in a table of that thread; the ticket is an
//       index. get() by a holder counts in the same entry: copying a guard to another hazard
//       pointer could escape a scan that is under way.
//   I2  xenium retires to a list of the calling thread. All our scans run in a thread made for one
//       scan, which leaves what it could not reclaim to whoever scans next; so any thread may ask
//       drained(), one scan at a time (scanning), and none is misled by a list it cannot see.
//   I3  A thread that ends with references open hands them over to a shared count, orphans: its
//       guards end with its other thread-local data, a ticket in an object that was made before
//       them does not. What the thread still takes then counts there, too.
//   I4  All images of the process run the functions of one of them (Operations): xenium's own
//       thread-local data and lists exist once an image.
//   I5  listed_ = the node is in such a list. The deleter clears it and frees nothing. drained()
//       believes it only within its own scan, whose look at the guards comes after stop().
//
// Ordering
//   E1  put's release store into its hazard pointer -> the scan's acquire (xenium's (5) -> (9)).
//   E2  Dekker:  acquire: hazard = node; full fence; read live_    scan: live_ = null (stop); full
//       fence; read the hazards.  (xenium's (4), (8).)
//   E3  restart's seq_cst store of live_ -> acquire's load.
//   E4  put's plain store before its look for sleepers: heavy_barrier() in wait (parking.hpp).
//   E5  orphans += references; then the guard ends -> the scan finds no guard; read orphans.
//
// Limits: not a reference: who entered must leave. A drained() costs the creation of a thread and a
// scan of every hazard pointer there ever was; so a removal's time says little about xenium's. A
// get allocates when its thread is deeper inside than ever before. try_stop() unpublishes to look,
// and scans under a lock of all modules.
#pragma once

#include <atomic>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>
#include <xenium/reclamation/hazard_pointer.hpp>

#include "../machine/native.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class HazardPointer {
  // Threshold 0: each retirement scans at once.
  using Domain = xenium::reclamation::hazard_pointer<>::with<xenium::policy::allocation_strategy<
      xenium::reclamation::hp_allocation::dynamic_strategy<8, 0, 0>>>;

  struct Node;
  struct Unlist {
    void operator()(Node* node) const noexcept { node->listed = false; }
  };
  struct Node : Domain::template enable_concurrent_ptr<Node, 0, Unlist> {
    bool listed = false;                    // under Operations::scanning
    std::atomic<std::uint32_t> orphans{0};  // I3
  };
  using Published = typename Domain::template concurrent_ptr<Node>;
  using Guard = typename Published::guard_ptr;
  using Pointer = typename Published::marked_ptr;

 public:
  using Ticket = IndexTicket;  // the entry in its thread's table

  static constexpr SchemeInfo info{
      .name = "hazard_pointer",
      .summary = "xenium's hazard pointers: a guard while inside, removal by scan",
      .origin = "xenium 0.0.2; Michael, IEEE TPDS 2004",
      .put_on_other_thread = false,
      .spurious_failure = true,
      .fork_any_moment = false,
      .get_allocates = true,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::no_counter,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::blocking,  // try_stop() scans under a lock
      .bytes_per_object = 48,
      .needs_membarrier = true,
  };

  HazardPointer() : live_(Pointer(&node_)) { M::require(info); }
  ~HazardPointer() {
    live_.store(Pointer(), std::memory_order_seq_cst);
    const std::lock_guard lock(all_.scanning);
    while (node_.listed) all_.scan(nullptr);
  }
  HazardPointer(const HazardPointer&) = delete;
  HazardPointer& operator=(const HazardPointer&) = delete;

  Ticket try_get() noexcept { return all_.try_get(*this); }
  Ticket get(const Ticket& held) noexcept { return all_.get(*this, held); }
  void put(Ticket held) noexcept { all_.put(*this, held); }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    passed_ = false;
    live_.store(Pointer(), std::memory_order_seq_cst);  // E2
  }

  [[nodiscard]] bool drained() {
    if (passed_)
      return true;
    const std::lock_guard lock(all_.scanning);
    all_.scan(node_.listed ? nullptr : &node_);
    passed_ = !node_.listed && node_.orphans.load(std::memory_order_seq_cst) == 0;  // I5, E5
    return passed_;
  }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { live_.store(Pointer(&node_), std::memory_order_seq_cst); }  // E3

  std::int64_t count() const { return 0; }

 private:
  /// I4. Made by the image that asks first.
  struct Operations {
    static constexpr const char* kName = "hazard_pointer";
    Operations() { machine::keep_image_mapped<Operations>(); }

    Ticket (*try_get)(HazardPointer&) noexcept = &HazardPointer::try_get_here;
    Ticket (*get)(HazardPointer&, const Ticket&) noexcept = &HazardPointer::get_here;
    void (*put)(HazardPointer&, Ticket) noexcept = &HazardPointer::put_here;
    void (*scan)(Node*) = &HazardPointer::scan_here;
    std::mutex scanning;
  };

  static Ticket try_get_here(HazardPointer& self) noexcept { return self.enter(); }

  Ticket enter() noexcept {
    if (live_.load(std::memory_order_acquire) == nullptr) [[unlikely]]
      return Ticket();
    if (table_ended_) [[unlikely]]
      return try_get_orphan();
    Table& table = this_table();
    const std::uint32_t index = table.free_entry();
    Entry& entry = table.entries[index];
    entry.guard.acquire(live_);  // E2, E3
    if (entry.guard.get() == nullptr) [[unlikely]] {
      leave();  // a scan may have seen the hazard pointer meanwhile
      return Ticket();
    }
    table.first_free = entry.next_free;
    entry.times = 1;
    return Ticket(index);
  }

  static Ticket get_here(HazardPointer& self, const Ticket& held) noexcept {
    if (table_ended_) [[unlikely]] {
      self.node_.orphans.fetch_add(1, std::memory_order_seq_cst);
      return Ticket(kOrphan);
    }
    ++this_table().entries[held.index()].times;  // I1
    return held;
  }

  static void put_here(HazardPointer& self, Ticket held) noexcept {
    if (table_ended_) [[unlikely]] {
      self.node_.orphans.fetch_sub(1, std::memory_order_seq_cst);  // E1
      M::wake_if_waiting(&self);
      return;
    }
    Table& table = this_table();
    Entry& entry = table.entries[held.index()];
    if (--entry.times != 0)
      return;
    entry.guard.reset();  // E1
    entry.next_free = table.first_free;
    table.first_free = held.index();
    self.leave();
  }

  static constexpr std::uint32_t kOrphan = ~std::uint32_t{0} - 1;

  [[gnu::cold, gnu::noinline]] Ticket try_get_orphan() noexcept {
    node_.orphans.fetch_add(1, std::memory_order_seq_cst);
    if (live_.load(std::memory_order_seq_cst) != nullptr)  // E2
      return Ticket(kOrphan);
    put_here(*this, Ticket(kOrphan));
    return Ticket();
  }

  void leave() noexcept {
    M::light_barrier();  // E4
    M::wake_if_waiting(this);
  }

  struct Entry {
    Guard guard;
    std::uint32_t times = 0;
    std::uint32_t next_free = 0;
  };

  // A thread's guards. Made after xenium's own thread-local data, so that it ends before it.
  struct Table {
    std::vector<Entry> entries;
    std::uint32_t first_free = 0;  // entries.size(): none

    Table() {
      Node any;
      const Guard makes_xenium_know_this_thread{Pointer(&any)};
      entries.reserve(kUsualDepth);
    }
    ~Table() {
      table_ended_ = true;
      for (Entry& entry : entries)
        if (entry.times != 0) {
          entry.guard->orphans.fetch_add(entry.times, std::memory_order_seq_cst);  // I3, E5
          entry.guard.reset();
        }
    }
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    std::uint32_t free_entry() {
      if (first_free == entries.size()) [[unlikely]]
        entries.emplace_back().next_free = first_free + 1;
      return first_free;
    }
  };
  static constexpr std::size_t kUsualDepth = 64;

  // Local to the function: g++ would make a member together with xenium's data, and end it after.
  static Table& this_table() {
    static thread_local Table table;
    return table;
  }

  // Retires @p node, if there is one, and scans; in a thread of its own (I2).
  static void scan_here(Node* node) {
    std::thread([node] {
      Node nobody;  // to retire something is how one asks xenium for a scan
      Node* const retired = node != nullptr ? node : &nobody;
      retired->listed = true;
      Guard(Pointer(retired)).reclaim();
    }).join();
  }

  static inline thread_local constinit bool table_ended_ = false;

  Operations& all_ = M::template ProcessWide<Operations>::get();
  Node node_;
  Published live_;
  bool passed_ = false;  // the remover's alone
};

}  // namespace getput
