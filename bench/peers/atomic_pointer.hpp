// SPDX-License-Identifier: MIT
// What the peers have in common that are an atomic shared pointer: std_atomic_shared_ptr and
// boost_atomic_shared_ptr.
//
// What: the module's owner keeps a shared pointer in an atomic cell. try_get() loads it, which
// takes a reference; put() destroys the copy. stop() stores null in the cell, which refuses later
// callers: no live flag is needed. The end of the last copy, in whichever thread, is the end of the
// removal.
//
// Invariants
//   I1  use_count = 1 while the cell has the pointer + references held + callers that are about to
//       compare with null. Zero is final: a restart after it makes a new token.
//   I2  A ticket is the pointer's two words and stands for one count. Copies of it are
//       the same one. It is not a shared pointer, because a ticket may be copied and must not count
//       then. Both libraries' pointers are two words and bear being copied by word
//       (counter/shared_ptr.hpp has the same, and why words and not 16 bytes).
//
// Ordering
//   E1  The last copy's destructor (behind the library's acquire of all earlier ones) calls ~Token,
//       which stores `over_`, release -> drained()'s acquire.
//   E2  stop's store of null -> a load that follows it in the cell's order.
//   E3  restart's store of the pointer -> try_get's load of it.
//
// Limits: one allocation per removal that was completed and restarted. try_stop() stores null
// before it looks for holders, so callers are refused meanwhile.
//
// A Library has: template Pointer<T>, template Weak<T>, template Cell<T>, and make<T>(argument).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <string_view>
#include <utility>

#include "schemes/machine/native.hpp"
#include "schemes/removal.hpp"
#include "schemes/scheme.hpp"

namespace getput::peers {

/// The claims that both share. Bytes, name and source are each peer's own.
constexpr SchemeInfo atomic_pointer_info() {
  SchemeInfo info{};
  info.spurious_failure = true;
  info.fork_any_moment = false;
  info.count = CountExactness::exact;
  info.zero = ZeroDetection::last_put;
  info.overflow = Overflow::wraps;
  info.get_progress = Progress::blocking;
  info.put_progress = Progress::wait_free;
  info.stop_progress = Progress::blocking;
  return info;
}

template <class M, class Library>
class AtomicPointer {
  /// What is shared. Its end is the end of a removal.
  struct Token {
    AtomicPointer* module;

    explicit Token(AtomicPointer* of) noexcept : module(of) {}
    ~Token() {
      const void* const key = module;
      module->over_.store(1, std::memory_order_seq_cst);  // E1; the module may be gone from here on
      M::wake_if_waiting(key);
    }
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
  };
  using Pointer = typename Library::template Pointer<const Token>;

 public:
  static constexpr std::string_view kNoNearOverflow = "the library keeps its count to itself";

  class [[nodiscard]] Ticket {
   public:
    Ticket() noexcept = default;
    explicit operator bool() const noexcept { return pointer_ != 0; }

   private:
    friend class AtomicPointer;
    using Word = std::uintptr_t;
    static_assert(sizeof(Pointer) == 2 * sizeof(Word));

    explicit Ticket(Pointer&& pointer) noexcept {
      const Storage storage(std::move(pointer));
      std::memcpy(&pointer_, storage.bytes, sizeof(Word));
      std::memcpy(&block_, storage.bytes + sizeof(Word), sizeof(Word));
    }

    /// A pointer that is not destroyed with its storage.
    struct Storage {
      explicit Storage(Pointer&& pointer) noexcept { ::new (bytes) Pointer(std::move(pointer)); }
      explicit Storage(const Ticket& from) noexcept {
        std::memcpy(bytes, &from.pointer_, sizeof(Word));
        std::memcpy(bytes + sizeof(Word), &from.block_, sizeof(Word));
      }
      Pointer& pointer() noexcept { return *std::launder(reinterpret_cast<Pointer*>(bytes)); }

      alignas(Pointer) std::byte bytes[sizeof(Pointer)];
    };

    Word pointer_ = 0;
    Word block_ = 0;
  };

  AtomicPointer() { begin(); }
  ~AtomicPointer() { cell_.store(Pointer()); }
  AtomicPointer(const AtomicPointer&) = delete;
  AtomicPointer& operator=(const AtomicPointer&) = delete;

  Ticket try_get() noexcept { return Ticket(cell_.load()); }  // E2, E3

  Ticket get(const Ticket& held) noexcept {
    typename Ticket::Storage storage(held);
    return Ticket(Pointer(storage.pointer()));
  }

  void put(Ticket held) noexcept {
    typename Ticket::Storage storage(held);
    std::destroy_at(&storage.pointer());  // E1
  }

  [[nodiscard]] bool try_stop() { return stop_if_unused(*this); }

  void stop() {
    going_.store(1, std::memory_order_relaxed);
    cell_.store(Pointer());  // E2
  }

  [[nodiscard]] bool drained() { return over_.load(std::memory_order_acquire) != 0; }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() {
    if (Pointer same = token(); same != nullptr)
      cell_.store(std::move(same));  // E3
    else
      begin();
    going_.store(0, std::memory_order_relaxed);
  }

  std::int64_t count() const {
    const bool going = going_.load(std::memory_order_relaxed) != 0;
    const std::lock_guard lock(weak_lock_);
    return static_cast<std::int64_t>(weak_.use_count()) - (going ? 0 : 1);
  }

 private:
  Pointer token() {
    const std::lock_guard lock(weak_lock_);
    return weak_.lock();
  }

  void begin() {
    while (!first_ && !drained()) M::cpu_relax();  // the last holder is in ~Token
    first_ = false;
    over_.store(0, std::memory_order_relaxed);
    Pointer fresh = Library::template make<const Token>(this);
    {
      const std::lock_guard lock(weak_lock_);
      weak_ = fresh;
    }
    cell_.store(std::move(fresh));  // E3
  }

  typename Library::template Cell<const Token> cell_;
  typename M::template Atomic<std::uint32_t> over_{0};
  // From here on: the removal side's, and count()'s.
  typename M::template Atomic<std::uint32_t> going_{0};
  mutable machine::SpinLock weak_lock_;
  bool first_ = true;
  typename Library::template Weak<const Token> weak_;
};

}  // namespace getput::peers
