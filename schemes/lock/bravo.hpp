// SPDX-License-Identifier: MIT
// bravo: a reader shows itself in one process-wide table; a reader lock's count behind it.
//
// What: while the module is biased, try_get writes the module's address into the slot that a hash
// of thread and module names, if that slot is free, and looks again whether the bias still holds.
// Otherwise, and on a collision, it counts itself in the module's own reader count. The ticket
// says which of the two, and which slot. A remover revokes the bias and looks through the table.
//
// Where from: Dave Dice, Alex Kogan: "BRAVO - Biased Locking for Reader-Writer Locks" (USENIX ATC
// 2019); published for user-space locks and for the kernel's rwsem. The count behind it is ours: a
// word with a writer bit. The paper unlocks by finding its slot through the hash; a known port
// clears that slot whoever owns it, so that A's reader vanishes when one thread holds A, whose slot
// collides with B's, and lets go of B. Here the ticket names the slot, so put clears its own.
//
// Cost: one locked instruction a get, a plain store a put, on a line that other threads rarely
// touch. 32 KiB for the process; a removal reads them. 24 bytes a module.
//
// Invariants
//   I1  A slot that holds this module's address is a reader inside, or one that is about to see
//       that the bias is gone and to clear it again.
//   I2  The bias is set only by a reader that is counted in readers_, from kOpen, so never while a
//       remover has the write side (kWriter) and never once state_ is kGoing.
//   I3  get() by a holder counts in readers_, never in a slot: who looks through the table first
//       and reads readers_ afterwards misses nobody who passes his reference on.
//   I4  After stop(), a slot once seen free of this module has nobody inside for good: scanned_
//       is the number of slots seen free so far, or kDrained.
//
// Ordering
//   E1  put's release (slot or count) -> the remover's acquire load of it.
//   E2  Dekker:  try_get: slot = this (full barrier); read state_     remover: state_ changes; full
//       barrier; read the slots.  Either try_get sees that the bias is gone, or it is seen.
//   E3  The same with readers_ for try_get's slow path.
//   E4  state_ = kGoing, then the writer bit goes (release) -> a try_get that waited sees kGoing.
//   E5  put's plain store before its look for sleepers: heavy_barrier() in wait (parking.hpp).
//   E6  restart's release of state_ -> try_get's looks at it (acquire); a reader's exchange to
//       kBiased goes on with its release sequence.
//
// Limits: after a revocation the bias stays off for kInhibit times what the scan took, so that at
// most a tenth of the time goes into revocations (the paper's bound, there for its writers).
// Threads whose slots share a line disturb each other. A lock does not say how many read: readers
// are scattered over the table and move between it and the count, so count() is not possible. A
// count that reached the writer bit (2^63) would shut the module for good.
#pragma once

#include <array>
#include <string_view>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class Bravo {
 public:
  /// Which slot of the table holds the reference, or that the module's own count does.
  class [[nodiscard]] Ticket {
   public:
    constexpr Ticket() noexcept = default;
    constexpr explicit operator bool() const noexcept { return place_ != 0; }

   private:
    friend class Bravo;
    constexpr explicit Ticket(std::uint32_t place) noexcept : place_(place) {}
    static constexpr std::uint32_t kCounted = ~std::uint32_t{0};

    std::uint32_t place_ = 0;  // slot + 1, or kCounted
  };

  static constexpr SchemeInfo info{
      .name = "bravo",
      .summary = "visible-readers table for all modules, reader count behind it",
      .origin = "Dice, Kogan: BRAVO, USENIX ATC 2019",
      .fork_any_moment = false,
      .count = CountExactness::not_possible,
      .zero = ZeroDetection::remover_sum,
      .overflow = Overflow::wraps,
      .get_progress = Progress::blocking,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::wait_free,
      .bytes_per_object = 32,
      .shared_bytes = M::kTableSlots * sizeof(void*),
      .locked_in_get = 1,
      .locked_in_put = 0,
      .needs_membarrier = true,
  };
  static constexpr std::string_view kNoNearOverflow =
      "a reader count of 2^63 is the writer bit: whoever comes next waits for ever";

  Bravo() { M::require(info); }

  Ticket try_get() noexcept {
    if (state_.load(std::memory_order_acquire) == kBiased) [[likely]] {  // E6
      const std::uint32_t slot = M::table_slot(this);
      const void* free = nullptr;
      if ((*table_)[slot].compare_exchange_strong(free, this, std::memory_order_seq_cst,
                                                  std::memory_order_relaxed)) [[likely]] {
        if (state_.load(std::memory_order_seq_cst) == kBiased) [[likely]]  // E2
          return Ticket(slot + 1);
        clear(slot);
      }
    }
    return try_get_counted();
  }

  Ticket get(const Ticket&) noexcept {
    readers_.fetch_add(1, std::memory_order_relaxed);  // I3
    return Ticket(Ticket::kCounted);
  }

  void put(Ticket held) noexcept {
    if (held.place_ == Ticket::kCounted) [[unlikely]]
      put_counted();
    else
      clear(held.place_ - 1);
  }

  [[nodiscard]] bool try_stop() {
    std::uint64_t none = 0;
    if (!readers_.compare_exchange_strong(none, kWriter, std::memory_order_seq_cst))  // E1
      return false;
    const bool revoked = state_.exchange(kOpen, std::memory_order_seq_cst) == kBiased;  // E2
    // Without bias there may still be readers in the table, from before an attempt that failed.
    const bool nobody = scan(revoked) && readers_.load(std::memory_order_acquire) == kWriter;  // I3
    if (nobody) {
      state_.store(kGoing, std::memory_order_seq_cst);  // E4
      scanned_ = kDrained;
    }
    readers_.fetch_sub(kWriter, std::memory_order_release);  // E4
    return nobody;
  }

  void stop() { scan(state_.exchange(kGoing, std::memory_order_seq_cst) == kBiased); }  // E2

  [[nodiscard]] bool drained() {
    while (scanned_ < M::kTableSlots && !shows(scanned_)) ++scanned_;  // E1
    // Once nobody is inside, only those who are being refused still count for a moment.
    if (scanned_ == M::kTableSlots && readers_.load(std::memory_order_acquire) == 0)  // I3
      scanned_ = kDrained;
    return scanned_ == kDrained;
  }

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { state_.store(kOpen, std::memory_order_release); }  // E6

  std::int64_t count() const { return 0; }

 private:
  enum : std::uint32_t { kBiased, kOpen, kGoing };
  static constexpr std::uint64_t kWriter = std::uint64_t{1} << 63;
  static constexpr std::uint64_t kInhibit = 9;  // N of the paper
  static constexpr std::uint32_t kDrained = M::kTableSlots + 1;

  // The module may be gone after the store: only its address is used.
  void clear(std::uint32_t slot) noexcept {
    (*table_)[slot].store(nullptr, std::memory_order_release);  // E1
    M::light_barrier();                                         // E5
    M::wake_if_waiting(this);
  }

  [[gnu::cold, gnu::noinline]] void put_counted() noexcept {
    readers_.fetch_sub(1, std::memory_order_seq_cst);  // E1
    M::wake_if_waiting(this);
  }

  // The read side of the lock behind the table.
  [[gnu::cold, gnu::noinline]] Ticket try_get_counted() noexcept {
    std::uint64_t seen = readers_.load(std::memory_order_relaxed);
    do {
      while ((seen & kWriter) != 0) {
        M::cpu_relax();
        seen = readers_.load(std::memory_order_acquire);  // E4
      }
      if (state_.load(std::memory_order_acquire) == kGoing)  // E4, E6
        return Ticket();
    } while (!readers_.compare_exchange_weak(seen, seen + 1, std::memory_order_seq_cst,
                                             std::memory_order_relaxed));
    std::uint32_t state = state_.load(std::memory_order_seq_cst);  // E3
    if (state == kGoing) {
      put_counted();
      return Ticket();
    }
    if (state == kOpen && M::monotonic_ns() >= inhibit_until_.load(std::memory_order_relaxed))
      state_.compare_exchange_strong(state, kBiased, std::memory_order_seq_cst);  // I2
    return Ticket(Ticket::kCounted);
  }

  bool shows(std::uint32_t slot) const noexcept {
    return (*table_)[slot].load(std::memory_order_acquire) == this;  // E1
  }

  // Looks at the whole table; true if no slot shows this module. If that cost the readers their
  // bias, they get it back only after kInhibit times as long.
  bool scan(bool revoked) {
    M::full_barrier();  // E2, E3
    const std::uint64_t begin = M::monotonic_ns();
    scanned_ = M::kTableSlots;
    for (std::uint32_t slot = M::kTableSlots; slot-- != 0;)
      if (shows(slot))
        scanned_ = slot;
    const std::uint64_t end = M::monotonic_ns();
    if (revoked)
      inhibit_until_.store(end + kInhibit * (end - begin), std::memory_order_relaxed);
    return scanned_ == M::kTableSlots;
  }

  struct alignas(64) Table : std::array<typename M::template Atomic<const void*>, M::kTableSlots> {
    static constexpr const char* kName = "bravo";
  };

  typename M::template Atomic<std::uint64_t> readers_{0};
  typename M::template Atomic<std::uint64_t> inhibit_until_{0};
  typename M::template Atomic<std::uint32_t> state_{kBiased};
  std::uint32_t scanned_ = 0;  // I4; the remover's alone
  Table* const table_ = &M::template ProcessWide<Table>::get();
};

}  // namespace getput
