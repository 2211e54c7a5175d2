// SPDX-License-Identifier: MIT
// hpref: per-CPU hazard pointers, promoted to a reference count.
//
// What. Each CPU has a few slots, shared by all modules of the process. try_get() stores the
// module's address into an empty slot of the CPU it runs on; put() clears that slot with a plain
// store, on any thread and any CPU. When all slots of the CPU are in use, the reference is counted
// in the module instead. A holder can move its reference from the slot to the count (promote()),
// and get() always takes a count. stop() issues one membarrier(2). The remover then waits until no
// slot shows the module and the count is zero.
//
// Where from. HPREF, "Hazard pointers with reference counter", Mathieu Desnoyers, Kernel Recipes
// 2024; prototype posted as "[RFC PATCH v1 1/1] hpref" (LKML, 22 September 2024), on a branch of
// userspace-rcu (include/urcu/hpref.h, src/hpref.c). There an rseq section fills a slot that holds
// NULL, the put is one store-release, and hpref_promote_hp_to_ref() counts and then clears. It has
// eight slots per CPU, which fill a cache line; later versions have 64 and a scan depth. The cover
// letter reports 15.2e9 reads with membarrier, 2.0e9 with a full fence in the reader and 20.2e9 of
// liburcu-bp, by 8 readers in 10 s on a Ryzen 7 PRO 6850U. The kernel proposal that followed,
// include/linux/hazptr.h (RFC v5 of February 2026 and the linux-rcu tree), keeps the per-CPU slots,
// four of them, but not the count: a reference that finds no slot, is detached, or is held across a
// context switch moves to a backup slot, usually on the caller's stack. Ours on this machine layer.
//
// Differences from the sources. HPREF publishes first, then reloads the pointer that led to the
// object, and retries until it is stable; hazptr stores a wildcard, which matches every address,
// before it loads the pointer. Here the caller knows the module's address, so one load of a flag
// replaces the reload, no wildcard is needed, and the flag is tested in the rseq section: a refused
// caller never fills a slot. The memory of the module outlives the attempt, so a reference can be
// counted without a slot; HPREF reserves one of the eight for that step, and readers wait for it.
// The order of the section is acquire and release, as C++ requires where one module follows another
// in a slot; HPREF fills it relaxed. A reference may change threads without hazptr_detach(),
// because a slot can be cleared from anywhere; promote() frees the slot as hazptr_detach() does.
// The remover sleeps instead of spinning.
//
// Cost. On the straight line get is one rseq section with a load of the flag, a load of the slot
// and a store; put is one store and one load. Nothing is locked and no shared line is written.
// When the first slot is in use, further sections try the others; when all are, get and put execute
// one locked instruction each on the module's line. get() and promote() always do. 64 bytes per CPU
// for all modules, 24 per module. Removal: one membarrier, and a scan of all slots of all possible
// CPUs, per look.
//
// When to use it. References are short, many modules are in use, and a reference must be able to
// change threads, which hazard_asymmetric does not allow. percpu_split has no limit of slots but
// needs 16 bytes per CPU and module, and its remover sums instead of looking for one address.
//
// Invariants
//   I1  A slot is filled only by a section on its CPU that finds it empty, and cleared only by the
//       one reference that it stands for. A slot is one reference.
//   I2  References move from slots to the count, never back and never from slot to slot: get()
//       counts. So a remover that reads all slots first and then the count misses none.
//   I3  Once stop()'s barrier has passed, no further slot shows the module. One scan decides.
//
// Ordering
//   E1  put's store of 0 (release), or its subtraction from count_ -> the scan (acquire). A section
//       acquires the clear that it follows and releases its own store, because the scan may find
//       the slot's next module instead of the gap.
//   E2  going_ = 1; rseq_barrier() -> every later section of try_get sees it (asymmetric: the
//       section has no fence, the barrier interrupts every running thread).
//   E3  asymmetric Dekker:   put                        wait_drained
//                            slot = 0                   announce (parking.hpp)
//                            (compiler barrier)         heavy_barrier()
//                            read waiters               scan; sleep if held
//   E4  restart's release of going_ -> the acquire of a section that finds it clear, or of the
//       counting path's second look.
//   E5  asymmetric Dekker:   try_get, no slot free      stop
//                            count_ += 1                going_ = 1
//                            (compiler barrier)         rseq_barrier()
//                            read going_                slots, then count_
//       Either try_get sees going_, or the remover sees the count.
//   E6  promote's and get's addition to count_ -> the release with which the slot is cleared -> the
//       scan's acquire of the slot, then count_: I2.
//
// Limits. A slot is in use for as long as its reference is held, whether its thread runs or not. A
// kernel frees the slots of a thread that it preempts; nothing can do that here. Eight references
// per CPU that are held for long therefore send every other get on that CPU, of any module, to the
// count, which is `atomic` and slower by the search; a holder for long has to promote(). A
// thread that exits with a reference leaves its slot filled until some thread puts it. try_stop()
// refuses callers while it looks. get_progress is lock_free: a section starts over when the thread
// is preempted in it. A signal handler may get and put at any moment: the kernel restarts the
// section that it interrupts. After fork() the slots that other threads filled stay filled in the
// child. The 64-bit count has no overflow check. Outside the C++ memory model: slots are filled by
// inline assembly, and E2, E3 and E5 rest on membarrier(2). Without rseq, or without membarrier for
// rseq, the scheme is not available.
//
// References: machine/per_cpu_slots.hpp; hazard_asymmetric.hpp, with slots per thread;
// lore.kernel.org/lkml/20240922102002.321008-1-mathieu.desnoyers@efficios.com;
// kernel-recipes.org/en/2024/schedule/hazard-pointers-with-reference-counter; Jonathan Corbet,
// "Hazard pointers for the kernel" (LWN, July 2026, lwn.net/Articles/1084015); Maged Michael,
// "Hazard Pointers" (IEEE TPDS 2004).
#pragma once

#include <cstddef>
#include <cstdint>

#include "../machine/native.hpp"
#include "../removal.hpp"
#include "../scheme.hpp"

namespace getput {

/// @p kSlots is how many references a CPU shows before further ones are counted.
template <class M = machine::Native, std::size_t kSlots = M::kCpuSlots>
class Hpref {
  struct User {
    static constexpr char kCpuSlotsName[] = "hpref slots per CPU: ";
  };
  using Slots = typename M::template PerCpuSlots<User, kSlots>;
  using Slot = typename Slots::Slot;

 public:
  /// The slot that shows the reference, or that it is counted.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return static_cast<bool>(slot_); }
    constexpr bool counted() const noexcept { return slot_.is_elsewhere(); }

   private:
    friend class Hpref;
    constexpr explicit Ticket(Slot slot) noexcept : slot_(slot) {}
    Slot slot_;
  };

  static constexpr SchemeInfo info{
      .name = "hpref",
      .summary = "per-CPU hazard pointers, promoted to a reference count when slots run out",
      .origin = "Desnoyers, Kernel Recipes 2024; include/urcu/hpref.h of a userspace-rcu branch",
      .spurious_failure = true,
      .count = CountExactness::never_too_low,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::no_counter,
      .get_progress = Progress::lock_free,
      .bytes_per_object = 24,
      .shared_bytes_per_cpu = Slots::kBytesPerCpu,
      .locked_in_get = 0,
      .locked_in_put = 0,
      .needs_rseq = true,
      .needs_membarrier = true,
  };

  Hpref() { M::require(info); }

  Ticket try_get() noexcept {
    const Slot first = slots_.take(0, going_, 1, address());  // E1, E2, E4
    if (!first) [[unlikely]]
      return enter_elsewhere();
    return Ticket(first);
  }

  /// Counts: a second slot could be filled behind a scan that has not come to the first one yet.
  Ticket get(const Ticket&) noexcept {
    count_.fetch_add(1, std::memory_order_relaxed);  // E6
    return Ticket(Slot::elsewhere());
  }

  void put(Ticket held) noexcept {
    if (held.counted()) [[unlikely]] {
      put_counted();
      return;
    }
    held.slot_.clear();  // E1, E6
    M::light_barrier();  // E3
    M::wake_if_waiting(this);
  }

  /// hpref_promote_hp_to_ref: the same reference, counted, so that the slot is free for others. For
  /// references that are about to be held for long. Put the ticket that it returns, not the old
  /// one.
  Ticket promote(Ticket held) noexcept {
    if (held.counted())
      return held;
    count_.fetch_add(1, std::memory_order_relaxed);  // E6
    held.slot_.clear();                              // E6
    // For the model (tests/model/world.hpp): a store with no barrier behind makes a thread answer a
    // membarrier without a fence, though what it showed before has one.
    M::light_barrier();
    return Ticket(Slot::elsewhere());
  }

  /// The first look avoids refusing callers when a holder is found immediately.
  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    M::rseq_barrier();  // E2, E5
  }

  [[nodiscard]] bool drained() { return count() == 0; }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { going_.store(0, std::memory_order_release); }  // E4

  /// A reference that is promoted meanwhile may be found twice.
  std::int64_t count() const {
    const std::int64_t shown = slots_.showing(address());                              // E1, E6
    return shown + static_cast<std::int64_t>(count_.load(std::memory_order_acquire));  // E1, E6
  }

 private:
  std::uint64_t address() const noexcept { return reinterpret_cast<std::uintptr_t>(this); }

  // The first slot is in use, or the module is going.
  [[gnu::noinline]] Ticket enter_elsewhere() noexcept {
    if (going_.load(std::memory_order_relaxed) != 0)  // refused callers leave no trace
      return Ticket();
    for (std::size_t index = 1; index < kSlots; ++index)
      if (const Slot other = slots_.take(index, going_, 1, address()))  // E1, E2, E4
        return Ticket(other);
    count_.fetch_add(1, std::memory_order_relaxed);                  // E5
    M::light_barrier();                                              // E5
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]] {  // E4, E5
      put_counted();
      return Ticket();
    }
    return Ticket(Slot::elsewhere());
  }

  [[gnu::noinline]] void put_counted() noexcept {
    if (count_.fetch_sub(1, std::memory_order_seq_cst) == 1)  // E1
      M::wake_if_waiting(this);
  }

  typename M::template Atomic<std::uint32_t> going_{0};
  typename M::template Atomic<std::uint64_t> count_{0};
  Slots slots_;
};

}  // namespace getput
