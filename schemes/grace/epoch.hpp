// SPDX-License-Identifier: MIT
// epoch: no count; being inside is showing, in a word of one's own, the epoch one came in.
//
// What: one epoch for the process, and for each thread a record that says "inside since epoch e" or
// "not inside". try_get publishes the record and then looks whether the module is live; put takes
// it back. The remover marks the module going, begins a new epoch, and waits until no record shows
// an older one.
//
// Where from: Fraser, Practical Lock-Freedom (Cambridge, UCAM-CL-TR-579, 2004), section 5.2.3; the
// form with records and a polling writer is concurrency kit's ck_epoch. Ours on this machine layer,
// with two differences. The reader's full barrier is the remover's membarrier (as in liburcu-memb).
// And one new epoch is enough where Fraser needs two: a reader that is late with an old epoch has
// still to look at the live flag (E2), so it cannot be inside a module that was stopped before.
//
// Cost: a pair is two stores and eight loads (disassembly, g++ 12) in memory of this thread, of the
// object, and of one line that only removals write. 64 bytes a thread and 64 for the process; no
// memory a module beyond its own. Removal: one membarrier and a look at the record of every thread
// that ever used the scheme.
//
// Invariants
//   I1  A record is epoch * kEpoch + depth; depth 0 is "not inside". Only its thread writes it.
//   I2  Epochs only grow. Every removal has one of its own (`until_`), and a record of that epoch
//       or a later one belongs to a reader who sees this removal's going_.
//   I3  A nested get keeps the epoch of the outermost: the record stays as old as the oldest
//       reference of its thread.
//
// Ordering
//   E1  put's store of the record (release) -> the remover's load of it (acquire). Entering stores
//       with release too, because the remover may find the next section instead of the gap.
//   E2  asymmetric Dekker:   try_get                    stop
//                            record = epoch, depth 1    going_ = 1
//                            (compiler barrier)         heavy_barrier()
//                            read going_                read the records
//       Either try_get sees going_, or the remover sees the record.
//   E3  stop: going_ = 1; epoch += 1 (release) -> try_get: read epoch (acquire); read going_. Who
//       shows the new epoch sees going_: I2.
//   E4  asymmetric Dekker:   put                        wait_drained
//                            record -= 1                announce (parking.hpp)
//                            (compiler barrier)         heavy_barrier()
//                            read epoch: newer?         read the records; sleep if held
//       A remover waits only for records older than the epoch, so a reader who leaves in the epoch
//       he came in wakes nobody and looks no further.
//   E5  restart's release of going_ -> try_get's acquire of it.
//
// Limits: as every grace period (read_section.hpp): not a reference; the thread that entered must
// leave, and while it is inside it delays every removal. No try_stop(): a record does not say which
// module. 2^24 references a thread at a time; epochs are compared by difference and wrap after
// 2^40 removals. Outside the C++ memory model: E2 and E4 rest on membarrier(2).
#pragma once

#include <type_traits>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class Epoch {
  /// What every record starts from: the epoch, and "inside once", so that entering is one store.
  /// Removers sleep on its address, because they wait for threads and not for one module's.
  struct alignas(64) Process {
    static constexpr const char* kName = "epoch";
    static constexpr const char* kThreadWordName = "epoch record";
    typename M::template Atomic<std::uint64_t> epoch{kInside};
  };
  using Record = typename M::template ThreadWord<Process>;
  using Word = std::remove_reference_t<decltype(Record::mine())>;

 public:
  /// The record of the thread that entered; so leaving does not look for it again.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return record_ != nullptr; }

   private:
    friend class Epoch;
    constexpr explicit Ticket(Word& record) noexcept : record_(&record) {}
    Word* record_ = nullptr;
  };

  static constexpr SchemeInfo info{
      .name = "epoch",
      .summary = "epoch-based: a record per thread, removal waits for records of older epochs",
      .origin = "Fraser 2004 (UCAM-CL-TR-579); ck_epoch",
      .put_on_other_thread = false,
      .hold_across_sleep = false,
      .try_stop = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::grace_period,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 24,
      .shared_bytes = sizeof(Process),
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_membarrier = true,
  };

  Epoch() { M::require(info); }

  Ticket try_get() noexcept {
    Word& mine = enter();
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2
      leave(mine);
      return Ticket();
    }
    return Ticket(mine);
  }

  Ticket get(const Ticket&) noexcept { return Ticket(enter()); }

  void put(Ticket held) noexcept { leave(*held.record_); }

  [[nodiscard]] bool try_stop() { return false; }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    const std::uint64_t before =
        process_->epoch.fetch_add(kEpoch, std::memory_order_acq_rel);  // E3
    until_ = before + kEpoch - kInside;
    M::heavy_barrier();  // E2
  }

  [[nodiscard]] bool drained() {
    if (until_ == kPassed)
      return true;
    const std::uint64_t until = until_;
    if (Record::all_of([until](std::uint64_t record) { return is_past(record, until); }))  // E1
      until_ = kPassed;
    return until_ == kPassed;
  }

  void wait_drained(StopToken token) {
    M::wait(
        process_, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E5

  std::int64_t count() const { return 0; }

 private:
  static constexpr std::uint64_t kInside = 1;  // one reference, in a record
  static constexpr std::uint64_t kEpoch = std::uint64_t{1} << 24;
  static constexpr std::uint64_t kDepth = kEpoch - 1;
  static constexpr std::uint64_t kPassed = kDepth;  // no epoch: its depth bits are 0

  static bool is_past(std::uint64_t record, std::uint64_t until) noexcept {
    const std::uint64_t ahead = (record & ~kDepth) - until;
    return (record & kDepth) == 0 || ahead < (std::uint64_t{1} << 63);
  }

  Word& enter() noexcept {
    Word& mine = Record::mine();
    const std::uint64_t before = mine.load(std::memory_order_relaxed);
    if ((before & kDepth) == 0) [[likely]]
      mine.store(process_->epoch.load(std::memory_order_acquire), std::memory_order_release);  // E3
    else
      mine.store(before + kInside, std::memory_order_release);  // I3
    M::light_barrier();                                         // E2
    return mine;
  }

  void leave(Word& mine) noexcept {
    Process* const process = process_;  // the object may be gone after the store
    const std::uint64_t before = mine.load(std::memory_order_relaxed);
    mine.store(before - kInside, std::memory_order_release);  // E1
    M::light_barrier();                                       // E4
    if (before != process->epoch.load(std::memory_order_relaxed)) [[unlikely]]
      M::wake_if_waiting(process);
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  std::uint64_t until_ = kPassed;  // the epoch that ends the wait; the remover's alone
  Process* const process_ = &M::template ProcessWide<Process>::get();
};

}  // namespace getput
