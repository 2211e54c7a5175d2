// SPDX-License-Identifier: MIT
// The work of one thread of a pairs cell, in the three shapes that a cell can have: one object,
// many objects, and tickets put by the next thread. `keep(done)` is asked between batches.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/engine/pair_batch.hpp"
#include "bench/workloads/pairs/ring.hpp"

namespace getput::bench::pairs {

/// A ticket under way to the thread that puts it.
template <class S>
struct Parcel {
  S* object = nullptr;
  typename S::Ticket ticket{};
};

/// Some tickets may be under way, not so many that the count of an object means nothing.
inline constexpr std::size_t kRingCapacity = 256;
template <class S>
using ParcelRing = Ring<Parcel<S>, kRingCapacity>;

/// One object. Returns the refused gets.
template <bool Holds, class S, class Keep>
std::uint64_t loop_one(S* object, std::uint64_t hold_loops, Keep&& keep) {
  std::uint64_t failed = 0;
  while (keep(kBatch)) {
    failed += pair_batch<Holds>(object, hold_loops);
  }
  return failed;
}

/// One object that has been stopped: each pair is a get() by a holder, which cannot be refused, and
/// its put.
template <class S, class Keep>
void loop_going(S* object, const typename S::Ticket& held, Keep&& keep) {
  while (keep(kBatch)) {
    [[maybe_unused]] const SessionFor<S> session(*object);
    for (unsigned i = 0; i < kBatch / kUnroll; ++i) {
      holder_pair(object, held);
      holder_pair(object, held);
      holder_pair(object, held);
      holder_pair(object, held);
    }
  }
}

/// Goes round a table whose size is a power of two. In a session only if one covers all objects.
template <bool Holds, class S, class Keep>
std::uint64_t loop_many(const std::vector<S*>& objects, std::uint64_t hold_loops, Keep&& keep) {
  S* const* table = objects.data();
  const std::size_t mask = objects.size() - 1;
  std::size_t next = 0;
  std::uint64_t failed = 0;
  while (keep(kBatch)) {
    [[maybe_unused]] const WideSessionFor<S> session(*table[next & mask]);
    for (unsigned i = 0; i < kBatch / kUnroll; ++i) {
      failed += one_pair<Holds>(table[next & mask], hold_loops);
      failed += one_pair<Holds>(table[(next + 1) & mask], hold_loops);
      failed += one_pair<Holds>(table[(next + 2) & mask], hold_loops);
      failed += one_pair<Holds>(table[(next + 3) & mask], hold_loops);
      next += kUnroll;
    }
  }
  return failed;
}

/// Takes references and sends them on; puts what the thread before sent. A pair counts where it is
/// put. Nobody waits: with the outgoing ring full a thread only puts. Not in a session, which is
/// one thread's and would hold up the other.
template <bool Holds, class S, class Keep>
std::uint64_t loop_handover(const std::vector<S*>& objects, ParcelRing<S>& incoming,
                            ParcelRing<S>& outgoing, std::uint64_t hold_loops, Keep&& keep) {
  const std::size_t mask = objects.size() - 1;
  std::size_t next = 0;
  std::uint64_t failed = 0;
  unsigned put = 0;
  while (keep(put)) {
    put = 0;
    for (unsigned i = 0; i < kBatch; ++i) {
      if (Parcel<S> parcel; incoming.pop(parcel)) {
        parcel.object->put(parcel.ticket);
        ++put;
      }
      if (outgoing.full()) {
        continue;
      }
      S* object = opaque(objects[next++ & mask]);
      auto ticket = object->try_get();
      if (!ticket) [[unlikely]] {
        ++failed;
        continue;
      }
      if constexpr (Holds) {
        hold(hold_loops);
      }
      outgoing.push({object, ticket});
    }
  }
  return failed;
}

/// After a handover loop: puts what is still under way to this thread.
template <class S>
std::uint64_t empty_ring(ParcelRing<S>& incoming) {
  std::uint64_t put = 0;
  for (Parcel<S> parcel; incoming.pop(parcel); ++put) {
    parcel.object->put(parcel.ticket);
  }
  return put;
}

}  // namespace getput::bench::pairs
