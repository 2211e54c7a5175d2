// SPDX-License-Identifier: MIT
// How a self-contained counter word becomes a module count: one reference more than the callers
// hold stands for "not being removed" (the base reference of Linux 3.19, the initial reference of
// kref users), and a going flag refuses callers while others still hold on.
//
// Word offers
//   bool try_inc()      one more, refused if the word is dead; acquire, refused or not
//   void inc()          one more; the caller holds one
//   bool dec()          one less; true if that was the last: the word is dead now. seq_cst.
//   bool dec_if_one()   takes the last one and no other
//   bool dead() const   acquire
//   void revive()       dead -> one reference; release. Late try_inc()s may still be refused by the
//                       dead word meanwhile: they must leave the living one alone
//   std::int64_t value() const
//   void set_near_limit(n)   optional, for tests: n more reach the limit
//
// Ordering
//   E1  dec's release -> the dec, dead() or refused try_inc() that finds the word dead (acquire).
//   E2  going_ = 1 before the base reference goes: a try_get that starts later sees the flag. After
//       try_stop() the dead word refuses as well.
//   E3  restart's release of going_ -> try_get's acquire.
//   E4  revive's release -> try_inc's acquire: who looked at going_ before the removal began and
//       counts himself in after the restart has no other edge. The kernel's increments are relaxed
//       because its objects do not come back.
//
// Where the flag is (FlagPlace). try_get reads the flag before it changes the word. If both share a
// cache line that another CPU has just written, the read fetches the line shared and the locked
// instruction then has to obtain it a second time. On a Golden-Cove-type core that cost sticky and
// rcuref 1.3x with two threads on one object; on Zen 3 it makes no difference beyond the noise. The
// own line costs 120 bytes per object (decision 51).
//
// Limits: word and flag are two. count() reads one too many while stop() or restart() is between
// them, and -1 while a try_stop() that succeeds is.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../scheme.hpp"

namespace getput {

enum class FlagPlace : std::uint8_t {
  beside_word,  ///< as small as can be: for a count inside of a small object
  own_line,     ///< on a cache line that gets and puts only read: for a contended count
};

template <class M, class Word, FlagPlace Place = FlagPlace::beside_word>
class BaseReference {
 public:
  using Ticket = BoolTicket;

  Ticket try_get() noexcept {
    if (going_.load(std::memory_order_acquire) != 0) [[unlikely]]  // E2, E3
      return Ticket();
    return Ticket(word_.try_inc());  // E4
  }

  Ticket get(const Ticket&) noexcept {
    word_.inc();
    return Ticket(true);
  }

  void put(Ticket) noexcept {
    if (word_.dec()) [[unlikely]]  // E1
      M::wake_if_waiting(this);
  }

  [[nodiscard]] bool try_stop() {
    if (!word_.dec_if_one())
      return false;
    going_.store(1, std::memory_order_seq_cst);
    return true;
  }

  void stop() {
    going_.store(1, std::memory_order_seq_cst);  // E2
    word_.dec();
  }

  [[nodiscard]] bool drained() { return word_.dead(); }  // E1

  void wait_drained(StopToken token) {
    M::wait(
        this, [this] { return drained(); }, token);
  }

  void restart() {
    if (!word_.try_inc())                        // E1
      word_.revive();                            // E4
    going_.store(0, std::memory_order_release);  // E3
  }

  std::int64_t count() const {
    const bool going = going_.load(std::memory_order_relaxed) != 0;
    return word_.value() - (going ? 0 : 1);
  }

  void near_overflow(std::int64_t n) noexcept requires requires(Word word) {
    word.set_near_limit(std::int32_t{0});
  }
  { word_.set_near_limit(static_cast<std::int32_t>(n)); }

 protected:
  Word word_;

 private:
  using Flag = typename M::template Atomic<std::uint32_t>;
  static constexpr std::size_t kLine = 64;
  alignas(Place == FlagPlace::own_line ? kLine : alignof(Flag)) Flag going_{0};
};

}  // namespace getput
