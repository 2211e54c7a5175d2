// SPDX-License-Identifier: MIT
// The module get/put interface: what every scheme offers, and what it must say about itself.
//
// Golden rule (Rusty Russell's module FAQ, 2002): whoever calls through a function pointer into a
// module holds a reference to that module. A scheme is one way to hold it.
//
// A scheme S is a class template over a machine (machine/machine.hpp) with
//   typename S::Ticket            what put() needs back; converts to false when try_get() refused
//   static constexpr SchemeInfo S::info
//   Ticket try_get() noexcept     refused once the module is going
//   Ticket get(const Ticket&)     the caller already holds a reference; cannot fail (__module_get)
//   void   put(Ticket) noexcept
// and the removal side, called by one remover at a time (the loader's mutex sees to that):
//   bool   try_stop()             becomes going if and only if nobody is inside, else stays live
//   void   stop()                 going, unconditionally; no try_get that starts after it succeeds
//   bool   drained()              nobody is inside; meaningless before stop. Never true too early;
//                                 may say false while a caller who is being refused withdraws
//   void   wait_drained(token)    returns when drained, or when the StopToken asks to stop
//   void   restart()              going -> live: a removal that was called off
//   int64  count()                references held, for people to read; info.count says how exact
//
// [[nodiscard]] where ignoring the result is a bug: the class Ticket (a dropped ticket is a
// reference that nothing can release), try_stop(), drained(), and the constructors of ThreadGuard
// and Session.
//
// A scheme may also offer
//   typename S::ThreadGuard       what a thread holds while it uses any object of the scheme
//   typename S::Session(S&)       what a caller has anyway around many calls (a lock that he holds,
//                                 a thread that is online); gets and puts inside cost less. Holds
//                                 up a removal, so it is short and its thread does not sleep in it.
//                                 What is taken inside is put inside, unless the session says
//                                 kTicketsOutlive = true. With kForAllObjects = true one made of
//                                 any object serves all objects of the scheme
//   static size_t allocated_here()
//                                 bytes that each object allocates because of how many CPUs this
//                                 machine has, beyond what SchemeInfo says
//   void near_overflow(int64 n)   for tests: an unused object, n references below where its counter
//                                 overflows. Whoever has a counter has this, or says in a string
//                                 kNoNearOverflow why it cannot be had
//
// A signal handler may get and put only where SchemeInfo does not say that it blocks: it may have
// interrupted the holder of the lock. It may be its thread's first use of the scheme, unless
// threads register. Where SchemeInfo says get_allocates, a handler may put only. For words of its
// own thread see machine/local_add.hpp.
//
// After fork() parent and child have modules of their own, counted apart, with all that was held;
// what threads held that the child does not have stays held there. The child may get and put, and
// remove where `zero` is not grace_period: such a wait needs threads that it does not have. Where
// SchemeInfo says fork_any_moment, that holds whatever other threads were doing; else only if none
// of them was in the middle of an operation of the scheme, for the child would wait for it.
//
// Images: an object may be handed between the executable and its shared libraries, linked or
// loaded, each with a copy of these headers and with whatever visibility (machine/image.hpp). A
// library that has counted on a CPU or in a thread, or has waited for a grace period, stays mapped
// after dlclose(), because the kernel and other threads may still reach into it.
//
// Ordering every scheme gives: what a holder did before put() happens before drained() returns
// true, wait_drained() returns or try_stop() succeeds because of it; that edge is what makes
// unmapping the text safe. What the remover did before restart() happens before a try_get() that
// succeeds because of it.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stop_token.hpp"

namespace getput {

/// How far an operation can be held up by other threads: try_get() and get() for the getting side,
/// put(), and for the stopping side stop() and try_stop(). (drained() and wait_drained() wait for
/// holders by their nature.) The others may stand still for good in the middle of any operation of
/// the interface, count() included, on any object of the scheme; they may be caught at it with a
/// reference, a lock or the stopped machine in hand.
///
/// Not counted: a thread's first operation and its exit, which may register it under a lock, as the
/// one who is held up; as the one who stands still they count. A membarrier, and the wake-up of a
/// remover who sleeps: the kernel completes both without any thread's help. Memory allocation. An
/// atomic read-modify-write is one step, a weak compare-exchange fails only for a reason. Counted:
/// an rseq section that starts over because another thread ran on its CPU, and a rendezvous
/// (stop_machine), for those who call it and for those who have to stand still.
enum class Progress : std::uint8_t {
  wait_free,  ///< ends within a bounded number of its own steps, whatever the others do
  lock_free,  ///< ends if the others stand still; may start over as long as they get on instead
  blocking,   ///< does not end while a thread stands still at the wrong place
};

/// How exact count() is while gets and puts are running.
enum class CountExactness : std::uint8_t {
  exact,          ///< a linearizable value; one off at most where a remover changes the state
  never_too_low,  ///< may report references already given back, never misses one held throughout
  approximate,    ///< may be off in both directions while references move
  not_possible,   ///< the scheme keeps no count; count() returns 0
};

/// Who finds out that the last reference is gone, and when. What is seen of each: the words that
/// gets and puts write, and those of them that drained() reads.
enum class ZeroDetection : std::uint8_t {
  last_put,      ///< the put that drops the count to zero: drained() reads one word, and every get
                 ///< and put writes it
  remover_sum,   ///< the remover, who adds up distributed counters or looks through marks once
                 ///< stopped: drained() reads several such words
  after_switch,  ///< the last put, once the remover has switched to one shared counter: drained()
                 ///< reads one word, which gets and puts write only from then on
  grace_period,  ///< the remover waits until every reader has passed, be it of another module, or
                 ///< until some time is over: a look directly after the last put may not tell
  never,         ///< a control: nobody
};

/// What happens when more references are taken than the counter can hold.
enum class Overflow : std::uint8_t {
  wraps,       ///< undetected: the count goes on from somewhere else, or callers are refused
  sum_wraps,   ///< single words may wrap, the sum is modulo 2^64 and stays right
  saturates,   ///< sticks at a high value; the module leaks and is never removed
  no_counter,  ///< nothing to overflow: 2^17 references and more at a time are no matter
};

/// The constexpr contract of a scheme. Every entry is tested (tests/schemes/contract*.cpp).
struct SchemeInfo {
  std::string_view name;     ///< snake_case, equal to the header's file name
  std::string_view summary;  ///< one sentence for `getput list` and the report
  std::string_view origin;   ///< kernel release and file, or paper
  /// The kernel releases whose module count this was ("2.4", "2.6.34 to 3.18"), or "proposed 2025";
  /// empty for schemes that never counted modules. The lineage figure is made from it.
  std::string_view generation = {};

  bool control = false;              ///< a floor to compare with, never a recommendation
  bool safe = true;                  ///< false: does not protect the module (controls, 2.2)
  bool shared_by_threads = true;     ///< false: one object may be used by one thread only
  bool put_on_other_thread = true;   ///< the ticket may be handed over; RCU-like schemes: false
  bool put_on_other_cpu = true;      ///< the holder may migrate between get and put
  bool hold_across_sleep = true;     ///< the holder may block without stalling unrelated work
  bool removal = true;               ///< stop/drained mean something; false for floors
  bool try_stop = true;              ///< can decide "nobody inside" without waiting
  bool spurious_failure = false;     ///< try_get may fail during a removal that then fails
  bool certain_after_stop = true;    ///< no try_get that starts after stop() succeeds
  bool get_while_going = true;       ///< holders may take more while the remover waits; false: the
                                     ///< remover may then be told "drained" too early
  bool fork_any_moment = true;       ///< the child of a fork may use it, whatever other threads
                                     ///< were doing in an operation of the scheme
  bool get_allocates = false;        ///< a get may call malloc(), so no handler may get
  bool destroy_when_drained = true;  ///< the object may be destroyed once drained; false: a put may
                                     ///< still look at it, so only after a grace period

  CountExactness count = CountExactness::exact;
  ZeroDetection zero = ZeroDetection::last_put;
  Overflow overflow = Overflow::wraps;

  Progress get_progress = Progress::wait_free;
  Progress put_progress = Progress::wait_free;
  Progress stop_progress = Progress::wait_free;

  std::size_t bytes_per_object = 0;  ///< sizeof the scheme
  std::size_t bytes_allocated = 0;   ///< further bytes that each object allocates
  std::size_t bytes_per_cpu = 0;     ///< further bytes per object and possible CPU
  std::size_t bytes_per_thread = 0;  ///< further bytes per object and registered thread
  // The next two are no promise that a test could break: a sizeof of what holds the state.
  std::size_t shared_bytes = 0;          ///< once for all objects of the process
  std::size_t shared_bytes_per_cpu = 0;  ///< once for all objects, per possible CPU

  /// Locked instructions on the straight line of try_get and of put, as compiled for x86-64: the
  /// path that is not contended, not stopped, not refused. The instruction check counts them, and
  /// that there is no call; a full fence counts as one. -1: no promise (takes a lock, calls a
  /// library).
  int locked_in_get = -1;
  int locked_in_put = -1;

  bool needs_rseq = false;
  bool needs_membarrier = false;
  bool needs_stop_machine =
      false;  ///< signals its registered threads, see machine/stop_machine.hpp
  bool needs_registration = false;  ///< threads hold an S::ThreadGuard while they use the scheme
};

/// Ticket of the schemes whose put needs nothing but the object: did try_get succeed?
class [[nodiscard]] BoolTicket {
 public:
  constexpr BoolTicket() noexcept = default;
  constexpr explicit BoolTicket(bool held) noexcept : held_(held) {}
  constexpr explicit operator bool() const noexcept { return held_; }

 private:
  bool held_ = false;
};

/// Ticket of the schemes whose put has to know where the reference is: on which CPU, in which
/// entry.
class [[nodiscard]] IndexTicket {
 public:
  constexpr IndexTicket() noexcept = default;
  constexpr explicit IndexTicket(std::uint32_t index) noexcept : index_plus_one_(index + 1) {}
  constexpr explicit operator bool() const noexcept { return index_plus_one_ != 0; }
  constexpr std::uint32_t index() const noexcept { return index_plus_one_ - 1; }

 private:
  std::uint32_t index_plus_one_ = 0;
};

template <class S>
concept Scheme = requires(S s, const S cs, typename S::Ticket t, const typename S::Ticket ct,
                          StopToken token) {
  { S::info } -> std::convertible_to<const SchemeInfo&>;
  {static_cast<bool>(ct)};
  { s.try_get() }
  noexcept->std::same_as<typename S::Ticket>;
  { s.get(ct) }
  noexcept->std::same_as<typename S::Ticket>;
  { s.put(t) }
  noexcept->std::same_as<void>;
  { s.try_stop() } -> std::same_as<bool>;
  { s.stop() } -> std::same_as<void>;
  { s.drained() } -> std::same_as<bool>;
  { s.wait_drained(token) } -> std::same_as<void>;
  { s.restart() } -> std::same_as<void>;
  { cs.count() } -> std::same_as<std::int64_t>;
};

/// SchemeInfo::bytes_allocated on this machine.
template <class S>
std::size_t bytes_allocated_here() {
  if constexpr (requires { S::allocated_here(); })
    return S::info.bytes_allocated + S::allocated_here();
  else
    return S::info.bytes_allocated;
}

namespace detail {
struct NoGuard {
  [[nodiscard]] constexpr NoGuard() noexcept {}
};
template <class S>
struct GuardOf {
  using type = NoGuard;
};
template <class S>
requires requires {
  typename S::ThreadGuard;
}
struct GuardOf<S> {
  using type = typename S::ThreadGuard;
};

struct NoSession {
  template <class S>
  [[nodiscard]] explicit constexpr NoSession(S&) noexcept {}
};
template <class S>
struct SessionOf {
  using type = NoSession;
};
template <class S>
requires requires {
  typename S::Session;
}
struct SessionOf<S> {
  using type = typename S::Session;
};

template <class S>
struct WideSessionOf {
  using type = NoSession;
};
template <class S>
requires(S::Session::kForAllObjects) struct WideSessionOf<S> {
  using type = typename S::Session;
};
}  // namespace detail

/// What a thread keeps alive while it uses scheme S; an empty struct where S needs nothing.
template <class S>
using ThreadGuardFor = typename detail::GuardOf<S>::type;

/// S::Session, or an empty struct that is made from anything.
template <class S>
using SessionFor = typename detail::SessionOf<S>::type;

/// As SessionFor, for callers who go from object to object: S::Session only if one serves them all.
template <class S>
using WideSessionFor = typename detail::WideSessionOf<S>::type;

}  // namespace getput
