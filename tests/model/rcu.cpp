// SPDX-License-Identifier: MIT
#include "tests/model/rcu.hpp"

namespace getput::model {
namespace {

struct Reader {
  unsigned registered = 0;  // the thread's own, like the next
  unsigned depth = 0;
  unsigned sessions = 0;
};
std::array<Reader, kMaxThreads> readers;
std::array<Atomic<std::uint64_t>, kMaxThreads> sections;
Atomic<std::uint64_t> period{1};
SpinLock one_at_a_time;

SpinLock queue_lock;
Rcu::Head* queue = nullptr;
std::uint64_t unfinished = 0;

Reader& mine() {
  return readers[static_cast<std::size_t>(self())];
}

Atomic<std::uint64_t>& my_section() {
  return sections[static_cast<std::size_t>(self())];
}

}  // namespace

Rcu::ThreadGuard::ThreadGuard() {
  ++mine().registered;
}

Rcu::ThreadGuard::~ThreadGuard() {
  --mine().registered;
}

void Rcu::read_lock(const Where& at) noexcept {
  require(mine().registered != 0, "read_lock() in a thread that is not registered", at);
  uses.enters();
  if (mine().depth++ == 0)
    my_section().store(period.load(std::memory_order_relaxed, at), std::memory_order_relaxed, at);
  compiler_barrier();
}

void Rcu::read_unlock(const Where& at) noexcept {
  require(mine().depth != 0, "read_unlock() without read_lock()", at);
  if (--mine().depth == 0)
    my_section().store(0, std::memory_order_relaxed, at);
  compiler_barrier();
}

void Rcu::synchronize(const Where& at) {
  require(mine().depth == 0, "synchronize() inside a read-side section waits for itself", at);
  one_at_a_time.lock(at);
  membarrier(false, at);
  const std::uint64_t next = period.load(std::memory_order_relaxed, at) + 1;
  period.store(next, std::memory_order_relaxed, at);
  for (int i = 0; i < thread_count(); ++i) {
    const auto& section = sections[static_cast<std::size_t>(i)];
    for (;;) {
      const std::uint64_t of = section.load(std::memory_order_relaxed, at);
      if (of == 0 || of >= next)
        break;
      let_others_run(at);
    }
  }
  membarrier(false, at);
  one_at_a_time.unlock(at);
}

void Rcu::call(Head* head, void (*func)(Head*)) {
  require(mine().registered != 0, "call() in a thread that is not registered");
  queue_lock.lock();
  head->func = func;
  head->next = queue;
  queue = head;
  ++unfinished;
  queue_lock.unlock();
  futex::wake(&queue);
}

void Rcu::barrier() {
  for (;;) {
    queue_lock.lock();
    const bool done = unfinished == 0;
    queue_lock.unlock();
    if (done)
      return;
    let_others_run();
  }
}

void Rcu::run_callbacks() {
  for (;;) {
    queue_lock.lock();
    Head* const head = queue;
    if (head != nullptr)
      queue = head->next;
    queue_lock.unlock();
    if (head != nullptr) {
      synchronize();
      head->func(head);
      queue_lock.lock();
      --unfinished;
      queue_lock.unlock();
    } else if (others_finished()) {
      return;
    } else if (queue == nullptr) {  // looked at again: others ran while the lock was given back
      sleep_until_work(&queue);
    }
  }
}

void Rcu::begin_execution() {
  readers = {};
  queue = nullptr;
  unfinished = 0;
}

RcuWithSessions::Session::Session() noexcept {
  read_lock();
  ++mine().sessions;
}

RcuWithSessions::Session::~Session() {
  --mine().sessions;
  read_unlock();
}

bool RcuWithSessions::in_session() noexcept {
  return mine().sessions != 0;
}

}  // namespace getput::model
