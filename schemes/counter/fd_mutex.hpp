// SPDX-License-Identifier: MIT
// fd_mutex: a closed bit and the references in one word; a get is one fetch_add.
//
// What: bit 0 of the word says "closed", the bits above it count references. try_get() adds a
// reference and reads the closed bit in the value that its own addition returns. put() subtracts
// one and learns from the result whether it was the last after the close. No flag lies beside the
// word, so there is no second line to read and no second state to keep in step.
//
//   bit 0        closed
//   bits 1..31   refs: references, and refused callers that have not withdrawn yet
//   bits 32..63  left: once closed, references still held; before, nothing
//
// Where from: the reference count of Go's file descriptors, internal/poll/fd_mutex.go (Dmitry
// Vyukov 2013; Go 1.3): incref() is refused once closed, increfAndClose() closes, and the decref()
// that finds "closed and no reference" destroys the descriptor. The read and write locks in the
// same word are left out.
//
// Go's incref() loads the word, tests the closed bit and stores by compare-exchange. Under
// contention that costs twice: the load fetches the line shared before the exchange fetches it
// exclusive, and the exchange may fail. fetch_add has neither cost, but a refused caller has added
// already and has to take its addition back. Between the two it looks like a holder, and callers
// that are refused often enough could hold up the removal for as long as they like. So put()
// subtracts from two fields in one instruction: from refs, and from left, which try_get() never
// touches. stop() sets left to the number of references in the same step that sets the closed bit,
// and left reaches 0 with the last put, whatever refused callers do to refs.
//
// Cost: one locked instruction per get and per put, no loop, no load of the line before it. A
// refused get executes two locked instructions where Go executes one load. 8 bytes.
//
// Invariants
//   I1  refs >= references held: a get adds before it is let in, a put subtracts after.
//   I2  Closed: left >= references held. stop() copies refs (I1), a get by a holder adds one to
//       both fields, a put subtracts one from both, nothing else changes left.
//   I3  left = references held unless a caller refused before a restart() had not withdrawn when
//       stop() copied refs. Then left stays too high, and refs = 0 tells instead: that caller's
//       withdrawal is one of the operations that look for the end.
//   I4  Open: left wraps and means nothing. A carry out of refs changes left only.
//
// Ordering
//   E1  put's release -> drained, try_stop or a withdrawal that finds the end (acquire). Every
//       change of the word is a read-modify-write, so one release sequence runs through all puts.
//       put and withdraw are seq_cst to pair with a sleeping remover (parking.hpp).
//   E2  stop or try_stop: closed bit set -> any later try_get: its read-modify-write comes later in
//       the word's modification order and returns the bit. No order is needed.
//   E3  restart's release -> try_get's acquire.
//
// Limits: 2^31 - 1 references (Go: 2^20 - 1, then it panics); one more is undetected. stop() is a
// compare-exchange loop: callers may delay it, each failure being the success of one of them.
// count() is one too high for each caller that is refused around a restart() and has not withdrawn.
//
// References: golang/go src/internal/poll/fd_mutex.go (incref, increfAndClose, decref).
#pragma once

#include <algorithm>
#include <cstdint>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class FdMutex {
 public:
  using Ticket = BoolTicket;

  static constexpr SchemeInfo info{
      .name = "fd_mutex",
      .summary = "closed bit and references in one word; a refused fetch_add is taken back",
      .origin = "Go 1.3 to today, internal/poll/fd_mutex.go",
      .count = CountExactness::exact,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .stop_progress = Progress::lock_free,
      .bytes_per_object = 8,
      .locked_in_get = 1,
      .locked_in_put = 1,
  };

  Ticket try_get() noexcept {
    if ((word_.fetch_add(kReference, std::memory_order_acquire) & kClosed) != 0)  // E2, E3
        [[unlikely]] {
      withdraw();
      return Ticket();
    }
    return Ticket(true);
  }

  /// The caller holds a reference, so this one counts as held even if the word is closed (I2).
  Ticket get(const Ticket&) noexcept {
    word_.fetch_add(kHeld, std::memory_order_relaxed);
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    const std::uint64_t before = word_.fetch_sub(kHeld, std::memory_order_seq_cst);  // E1
    if (closed(before)) [[unlikely]]
      wake_if_over(before - kHeld, this);
  }

  /// If the exchange fails, a caller came in after the load.
  [[nodiscard]] bool try_stop() {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);
    return refs(seen) == 0 && word_.compare_exchange_strong(seen, closed_with(0),
                                                            std::memory_order_acquire,  // E1, E2
                                                            std::memory_order_relaxed);
  }

  void stop() {
    std::uint64_t seen = word_.load(std::memory_order_relaxed);
    while (!word_.compare_exchange_weak(seen, closed_with(refs(seen)), std::memory_order_relaxed)) {
    }  // E2
  }

  [[nodiscard]] bool drained() { return over(word_.load(std::memory_order_acquire)); }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() { word_.fetch_and(~kClosed, std::memory_order_release); }  // E3

  std::int64_t count() const {
    const std::uint64_t seen = word_.load(std::memory_order_relaxed);
    return static_cast<std::int64_t>(closed(seen) ? std::min(left(seen), refs(seen)) : refs(seen));
  }

  /// For tests.
  void near_overflow(std::int64_t n) noexcept {
    word_.store((kMaxRefs - static_cast<std::uint64_t>(n)) * kReference, std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint64_t kClosed = 1;
  static constexpr std::uint64_t kReference = 2;                  // one in refs
  static constexpr std::uint64_t kLeft = std::uint64_t{1} << 32;  // one in left
  static constexpr std::uint64_t kHeld = kReference + kLeft;
  static constexpr std::uint64_t kMaxRefs = (kLeft - 1) / kReference;

  static bool closed(std::uint64_t word) noexcept { return (word & kClosed) != 0; }
  static std::uint64_t refs(std::uint64_t word) noexcept { return word / kReference & kMaxRefs; }
  static std::uint64_t left(std::uint64_t word) noexcept { return word / kLeft; }
  static bool over(std::uint64_t word) noexcept { return left(word) == 0 || refs(word) == 0; }
  static std::uint64_t closed_with(std::uint64_t held) noexcept { return held * kHeld + kClosed; }

  [[gnu::cold, gnu::noinline]] void withdraw() noexcept {
    const std::uint64_t before = word_.fetch_sub(kReference, std::memory_order_seq_cst);  // E1
    wake_if_over(before - kReference, this);                                              // I3
  }

  // Not a member: what was put is given back, so the object may be gone.
  [[gnu::cold, gnu::noinline]] static void wake_if_over(std::uint64_t word, const void* key) {
    if (closed(word) && over(word))
      M::wake_if_waiting(key);
  }

  typename M::template Atomic<std::uint64_t> word_{0};
};

}  // namespace getput
