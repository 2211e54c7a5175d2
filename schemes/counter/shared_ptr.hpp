// SPDX-License-Identifier: MIT
// shared_ptr: std::weak_ptr::lock() to get in, std::shared_ptr's end to get out.
//
// What: the module's owner holds the std::shared_ptr, callers come through a std::weak_ptr: what an
// application writes that has never heard of module counts. The ticket is a std::shared_ptr, kept
// as its two words.
//
// Where from: the standard library (here libstdc++ 12: __shared_count, _S_atomic).
//
// Cost: a compare-exchange loop to get, a locked subtraction to put, on one shared line, and the
// branches of the control block. libstdc++ leaves the lock prefix out while the process has had
// one thread only (__libc_single_threaded): time it with two. One allocation per module. The ticket
// is written and read word by word and travels in two registers: copied as 16 bytes that were
// written as two words, or with a flag behind, it waits for stores that cannot be forwarded to a
// wider load, which cost half of a pair.
//
// Invariants
//   I1  use_count = 1 while the owner's pointer is set + references held. It is 0 once and for all:
//       a module that is loaded again gets a new control block, a Life.
//   I2  A std::weak_ptr must not be assigned while others lock it, so each Life has one that never
//       changes, reached through an atomic pointer. A caller who is late finds a Life that has
//       ended, is refused, and disturbs nothing: Lives are kept until the object goes.
//   I3  A ticket stands for one count. Copies of it are the same one, as a pointer copied byte by
//       byte: put() once.
//
// Ordering
//   E1  the last put's ~Token (behind libstdc++'s acquire of all earlier puts) stores `over`,
//       release -> drained()'s acquire. use_count() itself is a relaxed look and orders nothing.
//   E2  going_ = 1 before the owner lets go: a try_get that starts later sees the flag, even while
//       lock() would still succeed because somebody is inside.
//   E3  restart's release of the new Life and of going_ -> try_get's acquire.
//
// Limits: outside the C++ object model: a std::shared_ptr is moved by copying its words, which
// every implementation bears (no pointer into itself) and the standard does not promise. Each
// restart after a completed removal leaves some 80 bytes behind. No protection against overflow of
// the 32-bit use count, and no way to start near it. count() is one off while try_stop() or stop()
// is about to let go: use_count() includes the owner, and he is not asked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "../machine/native.hpp"
#include "../scheme.hpp"

namespace getput {

template <class M = machine::Native>
class SharedPtr {
  struct Life;

  /// What is shared: its end is the end of a Life.
  struct Token {
    Life* life;

    explicit Token(Life* of) noexcept : life(of) {}
    ~Token() {
      const void* const key = life;
      life->over.store(1, std::memory_order_seq_cst);  // E1; the module may be gone from here on
      M::wake_if_waiting(key);
    }
    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
  };
  using Pointer = std::shared_ptr<const Token>;

  struct Life {
    std::weak_ptr<const Token> door;  // I2: never assigned while others can see it
    typename M::template Atomic<std::uint32_t> over{0};
    std::unique_ptr<Life> before;

    Pointer begin() {
      auto owner = std::make_shared<const Token>(this);
      door = owner;
      return owner;
    }
  };

 public:
  /// The two words of a std::shared_ptr, of which the first is the pointer.
  class [[nodiscard]] Ticket {
   public:
    Ticket() noexcept = default;
    explicit operator bool() const noexcept { return pointer_ != 0; }

   private:
    friend class SharedPtr;
    explicit Ticket(Pointer&& pointer) noexcept {
      const Bytes bytes(std::move(pointer));
      std::memcpy(&pointer_, bytes.storage, sizeof(Word));
      std::memcpy(&block_, bytes.storage + sizeof(Word), sizeof(Word));
    }

    using Word = std::uintptr_t;
    static_assert(sizeof(Pointer) == 2 * sizeof(Word));

    /// A std::shared_ptr that is not destroyed with its storage.
    struct Bytes {
      explicit Bytes(Pointer&& pointer) noexcept { ::new (storage) Pointer(std::move(pointer)); }
      explicit Bytes(const Ticket& from) noexcept {
        std::memcpy(storage, &from.pointer_, sizeof(Word));
        std::memcpy(storage + sizeof(Word), &from.block_, sizeof(Word));
      }
      Pointer& pointer() noexcept { return *std::launder(reinterpret_cast<Pointer*>(storage)); }

      alignas(Pointer) std::byte storage[sizeof(Pointer)];
    };

    Word pointer_ = 0;
    Word block_ = 0;
  };

  static constexpr SchemeInfo info{
      .name = "shared_ptr",
      .summary = "std::weak_ptr::lock() and the end of a std::shared_ptr",
      .origin = "C++ standard library (libstdc++ 12)",
      .fork_any_moment = false,
      .count = CountExactness::approximate,
      .zero = ZeroDetection::last_put,
      .overflow = Overflow::wraps,
      .get_progress = Progress::lock_free,
      .put_progress = Progress::wait_free,
      .stop_progress = Progress::blocking,  // try_stop() waits for a last put that is half way
      .bytes_per_object = 72,
      .bytes_allocated = 32,
  };
  static constexpr std::string_view kNoNearOverflow =
      "the count is the standard library's own: nobody else can set it";

  SharedPtr() : owner_(first_.begin()) {}
  ~SharedPtr() {
    owner_.reset();
    // One by one: each holds the one before, and their chain would end as deep in the stack.
    while (later_ != nullptr) later_ = std::move(later_->before);
  }
  SharedPtr(const SharedPtr&) = delete;
  SharedPtr& operator=(const SharedPtr&) = delete;

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0)  // E2, E3
      return Ticket();
    return Ticket(current_.load(std::memory_order_acquire)->door.lock());  // E3
  }

  Ticket get(const Ticket& held) noexcept {
    typename Ticket::Bytes bytes(held);
    return Ticket(Pointer(bytes.pointer()));
  }

  void put(Ticket held) noexcept {
    typename Ticket::Bytes bytes(held);
    std::destroy_at(&bytes.pointer());  // E1
  }

  /// The owner lets go; if somebody is inside, he takes hold again through the door like a caller.
  /// Nobody is refused meanwhile unless the last one left, and then the removal succeeds.
  [[nodiscard]] bool try_stop() {
    Life& life = here();
    owner_.reset();
    owner_ = life.door.lock();
    if (owner_ != nullptr)
      return false;
    going_.store(1, std::memory_order_seq_cst);                             // E2
    while (life.over.load(std::memory_order_acquire) == 0) M::cpu_relax();  // E1
    return true;
  }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E2
    owner_.reset();
  }

  [[nodiscard]] bool drained() { return here().over.load(std::memory_order_acquire) != 0; }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        &here(), [this] { return drained(); }, token);
  }

  void restart() {
    owner_ = here().door.lock();
    if (owner_ == nullptr)
      begin_new_life();
    going_.store(0, std::memory_order_release);  // E3
  }

  std::int64_t count() const {
    const bool going = going_.load(std::memory_order_relaxed) != 0;
    return current_.load(std::memory_order_acquire)->door.use_count() - (going ? 0 : 1);
  }

 private:
  // The current Life; for the remover, who alone changes it.
  Life& here() noexcept { return *current_.load(std::memory_order_relaxed); }

  void begin_new_life() {
    while (here().over.load(std::memory_order_acquire) == 0) M::cpu_relax();  // E1
    auto fresh = std::make_unique<Life>();
    Pointer owner = fresh->begin();
    fresh->before = std::move(later_);
    later_ = std::move(fresh);
    owner_ = std::move(owner);
    current_.store(later_.get(), std::memory_order_release);  // E3
  }

  Life first_;
  std::unique_ptr<Life> later_;  // the current one if it is not the first, and those before it
  typename M::template Atomic<Life*> current_{&first_};
  typename M::template Atomic<std::uint32_t> going_{0};
  Pointer owner_;
};

}  // namespace getput
