// SPDX-License-Identifier: MIT
// hazard_asymmetric: hazard pointers whose full barrier is the remover's membarrier.
//
// What: each thread owns a few slots. try_get() stores the module's address into a free slot and
// then reads the going flag again; put() clears the slot. Nothing is shared and nothing is locked.
// The remover sets the flag, issues one membarrier and waits until no slot of any thread shows this
// module. Holders of other modules do not delay it, and a holder may sleep.
//
// Where from: Maged Michael, "Hazard Pointers: Safe Memory Reclamation for Lock-Free Objects" (IEEE
// TPDS 2004), with the reader's fence replaced by an asymmetric one, as in folly
// (synchronization/Hazptr.h, asymmetric_thread_fence_light in HazptrHolder.h). The object is known
// to the caller, so the loop that reloads a shared pointer until it is stable becomes one load of a
// flag.
//
// Cost: a pair is two stores, five loads and five predicted branches, on memory of this thread and
// on lines that only removals write. The straight line takes the first slot. A thread that holds
// references to several modules searches its slots, and for more than kSlots modules at a time it
// counts in the module, in one shared word with a locked instruction. 8 * (2 * kSlots + 1) bytes a
// thread for all modules.
// Removal: one membarrier and a scan of the slots of every thread that ever used the scheme.
//
// Invariants
//   I1  A family is a reference and all that get() makes of it. A family stays in one entry: a slot
//       of its thread, with a count of that thread beside it, or the module's shared count. A
//       reference that moved from entry to entry could escape a scan that is under way.
//   I2  After stop()'s barrier no new family is admitted. So an entry that is found empty stays
//       empty, except for callers that are being refused, and one scan of the entries, in any
//       order, decides.
//   I3  A slot is written by its thread only and shows one module at a time. The word beside it
//       counts the further references of its family, the word beside kShared all references that
//       its thread has in shared counts; only their thread reads them.
//
// Ordering
//   E1  put's store of 0 (release), or its subtraction from shared_ -> the remover's scan
//       (acquire). The store that shows a module is a release too, because the scan may find the
//       slot's next module instead of the gap.
//   E2  asymmetric Dekker:   try_get                    stop
//                            slot = this                going_ = 1
//                            (compiler barrier)         heavy_barrier()
//                            read going_                scan the slots
//       Either try_get sees going_, or the scan sees the slot.
//   E3  asymmetric Dekker:   put                        wait_drained
//                            slot = 0                   announce (parking.hpp)
//                            (compiler barrier)         heavy_barrier()
//                            read waiters               scan the slots; sleep if held
//   E4  restart's release of going_ -> try_get's acquire loads of it.
//
// Limits: the ticket belongs to the thread that took it. A refused try_get has shown the module and
// must wake the remover; it reads going_ first, so that refused callers leave no trace. No
// count: slots say which modules a thread holds, not how often. A signal handler gives back what it
// takes. Outside the C++ memory model: E2 and E3 rest on membarrier(2).
//
// References: hazard_pointer.hpp (xenium's, with a full fence in each get); epoch.hpp, which shows
// an epoch instead of a module.
#pragma once

#include <cstdint>

#include "../machine/native.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

/// @p kSlots is how many modules a thread can hold before it counts in a shared word.
template <class M = machine::Native, std::uint32_t kSlots = M::kThreadSlots>
class HazardAsymmetric {
  struct Slots {
    static constexpr const char* kThreadWordName = "hazard_asymmetric slots";
  };
  // The slots of a thread, what is beside each, and its part of all shared counts. A number of
  // references is no module's address, so a scan of all words matches slots only.
  using Words = typename M::template ThreadWord<Slots, 2 * kSlots + 1>;

 public:
  using Ticket = IndexTicket;  // the slot, or kShared

  static constexpr SchemeInfo info{
      .name = "hazard_asymmetric",
      .summary = "hazard pointers with the remover's membarrier instead of a fence in each get",
      .origin = "Michael, IEEE TPDS 2004; asymmetric as in folly's Hazptr",
      .put_on_other_thread = false,
      .spurious_failure = true,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::no_counter,
      .bytes_per_object = 16,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_membarrier = true,
  };

  HazardAsymmetric() { M::require(info); }

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E4
      return Ticket();
    auto& first = Words::mine(kFirst);
    if (first.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return enter_elsewhere();
    first.store(address(), std::memory_order_release);               // E1
    M::light_barrier();                                              // E2
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2, E4
      leave(kFirst);
      return Ticket();
    }
    return Ticket(kFirst);
  }

  Ticket get(const Ticket& held) noexcept {
    one_more(held.index());
    return held;
  }

  void put(Ticket held) noexcept {
    if (held.index() != kFirst || beside(kFirst).load(std::memory_order_relaxed) != 0)
        [[unlikely]] {
      leave(held.index());
      return;
    }
    show_nothing(kFirst);
    M::wake_if_waiting(this);
  }

  /// The first scan avoids refusing callers when a holder is found at once.
  [[nodiscard]] bool try_stop() { return drained() && stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    M::heavy_barrier();  // E2
  }

  [[nodiscard]] bool drained() {
    const std::uint64_t shown = address();
    return Words::all_of([shown](std::uint64_t word) { return word != shown; }) &&  // E1
           shared_.load(std::memory_order_acquire) == 0;                            // E1
  }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E4

  std::int64_t count() const { return 0; }

 private:
  static constexpr std::uint32_t kFirst = 0;
  static constexpr std::uint32_t kShared = kSlots;

  std::uint64_t address() const noexcept { return reinterpret_cast<std::uintptr_t>(this); }

  static auto& beside(std::uint32_t entry) noexcept { return Words::mine(kSlots + entry); }

  static void show_nothing(std::uint32_t slot) noexcept {
    Words::mine(slot).store(0, std::memory_order_release);  // E1
    M::light_barrier();                                     // E3
  }

  // The first slot is taken.
  [[gnu::noinline]] Ticket enter_elsewhere() noexcept {
    const std::uint32_t entry = find_entry();
    M::light_barrier();                                              // E2
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E2, E4
      leave(entry);
      return Ticket();
    }
    return Ticket(entry);
  }

  std::uint32_t find_entry() noexcept {
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
      const std::uint64_t shows = Words::mine(slot).load(std::memory_order_relaxed);
      if (shows == 0) {
        Words::mine(slot).store(address(), std::memory_order_release);  // E1
        return slot;
      }
      if (shows == address()) {
        one_more(slot);
        return slot;
      }
    }
    one_more(kShared);
    return kShared;
  }

  [[gnu::noinline]] void leave(std::uint32_t entry) noexcept {
    const std::uint64_t others = beside(entry).load(std::memory_order_relaxed);
    if (others == 0)
      show_nothing(entry);
    else
      set_beside(entry, others - 1);
    if (entry == kShared)
      shared_.fetch_sub(1, std::memory_order_seq_cst);  // E1
    if (others == 0 || entry == kShared)
      M::wake_if_waiting(this);
  }

  void one_more(std::uint32_t entry) noexcept {
    set_beside(entry, beside(entry).load(std::memory_order_relaxed) + 1);
    if (entry == kShared) [[unlikely]]
      shared_.fetch_add(1, std::memory_order_relaxed);
  }

  // The barrier is for the model (tests/model/world.hpp): there a store with none behind it makes
  // the thread answer a membarrier without a fence, though what it showed before has one.
  static void set_beside(std::uint32_t entry, std::uint64_t others) noexcept {
    beside(entry).store(others, std::memory_order_relaxed);
    M::light_barrier();
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template Atomic<std::uint64_t> shared_{0};
};

}  // namespace getput
