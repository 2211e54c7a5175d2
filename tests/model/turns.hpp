// SPDX-License-Identifier: MIT
// An execution that a scenario conducts: one thread runs at a time, on the CPU that it is pinned
// to, knows all that the others did, and hands over where the conductor says. So one can freeze a
// thread half way through an operation, or let another do a whole operation between any two of its
// steps. No compare-exchange fails without a reason. Where nothing else is drawn, there is one
// execution.
#pragma once

namespace getput::model {

class Conductor {
 public:
  Conductor() = default;
  Conductor(const Conductor&) = delete;
  Conductor& operator=(const Conductor&) = delete;

  /// The thread whose turn it is is about to access a word, to fence, or to enter or leave an rseq
  /// section.
  virtual void before_step() = 0;
  /// It waits for another thread: looks again (@p asleep false), or would sleep.
  virtual void in_vain(bool asleep) = 0;

 protected:
  ~Conductor() = default;
};

namespace turns {

/// For the scenario's constructor: only thread @p first runs, the others from when they are handed
/// the turn.
void begin(Conductor& conductor, int first);

/// Returns when it is the calling thread's turn. What a thread does before its first step, it does
/// at once.
void await();

/// Returns when the turn comes back, or when all run freely again.
void hand_over(int to);

/// All run freely again.
void end();

bool conducted();

/// Where @p thread runs meanwhile; CPU 0 otherwise.
void pin(int thread, unsigned cpu);

// Called by the world.
void step();
void in_vain(bool asleep);
inline constexpr char kKey = 0;  ///< what a thread sleeps for whose turn it is not

}  // namespace turns
}  // namespace getput::model
