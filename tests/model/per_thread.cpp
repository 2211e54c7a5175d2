// SPDX-License-Identifier: MIT
#include "tests/model/per_thread.hpp"

#include <algorithm>
#include <vector>

#include "tests/model/spin_lock.hpp"

namespace getput::model {
namespace {

constexpr std::uint32_t kUnattached = 1;
constexpr std::uint32_t kAsked = 2;

// Everybody's attention word starts at kUnattached.
std::array<Atomic<std::uint32_t>, kMaxThreads> attention{kUnattached, kUnattached, kUnattached,
                                                         kUnattached, kUnattached};
static_assert(kMaxThreads == 5);
SpinLock accounts_lock;
std::array<bool, kMaxThreads> known{};  // under accounts_lock, like the next
std::uint32_t asked = 0;

constexpr std::size_t kMaxObjects = 8;
std::array<ThreadWords*, kMaxObjects> objects{};
std::array<ThreadWords*, kMaxObjects> statics{};  // those of them that belong to the process

void note(std::array<ThreadWords*, kMaxObjects>& list, ThreadWords* words) {
  const auto free = std::find(list.begin(), list.end(), nullptr);
  require(free != list.end(), "the model has eight objects at most; raise kMaxObjects");
  *free = words;
}

std::size_t index_of_self() {
  return static_cast<std::size_t>(self());
}

}  // namespace

ThreadWords::ThreadWords(std::size_t words) : count_(words) {
  require(words <= kMaxWords, "the model has two words a thread; raise kMaxWords");
  accounts_lock.lock();
  note(objects, this);
  if (!in_execution())
    note(statics, this);
  accounts_lock.unlock();
}

ThreadWords::~ThreadWords() {
  accounts_lock.lock();  // a thread that finishes now looks through the objects
  for (auto* list : {&objects, &statics})
    std::replace(list->begin(), list->end(), this, static_cast<ThreadWords*>(nullptr));
  accounts_lock.unlock();
}

std::uint32_t ThreadWords::add(std::size_t word, std::int64_t delta, const Where& at) {
  auto& mine = words_[index_of_self()][word];
  const std::int64_t before = mine.load(std::memory_order_relaxed, at);
  mine.store(before + delta, std::memory_order_release, at);
  compiler_barrier();  // assembly
  return attention[index_of_self()].load(std::memory_order_relaxed, at);
}

std::int64_t ThreadWords::sum(std::size_t word, const Where& at) const {
  accounts_lock.lock(at);
  auto total = static_cast<std::uint64_t>(departed_[word].load(std::memory_order_acquire, at));
  for (std::size_t i = 0; i < known.size(); ++i)
    if (known[i])
      total += static_cast<std::uint64_t>(words_[i][word].load(std::memory_order_acquire, at));
  accounts_lock.unlock(at);
  return static_cast<std::int64_t>(total);
}

void ThreadWords::attach(const Where& at) {
  auto& mine = attention[index_of_self()];
  if ((mine.load(std::memory_order_relaxed, at) & kUnattached) == 0)
    return;
  accounts_lock.lock(at);
  known[index_of_self()] = true;
  mine.store(asked, std::memory_order_seq_cst, at);
  accounts_lock.unlock(at);
}

void ThreadWords::ask_attention(bool on, const Where& at) {
  accounts_lock.lock(at);
  asked += on ? kAsked : 0U - kAsked;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (known[i])
      attention[i].store(asked, std::memory_order_seq_cst, at);
  accounts_lock.unlock(at);
}

void leave_threads_words() {
  const Where at = Where::current();
  const std::size_t mine = index_of_self();
  if (!known[mine])
    return;
  accounts_lock.lock(at);
  for (ThreadWords* object : objects) {
    if (object == nullptr)
      continue;
    for (std::size_t word = 0; word < object->count_; ++word) {
      auto& from = object->words_[mine][word];
      auto& into = object->departed_[word];
      const std::int64_t count = from.load(std::memory_order_relaxed, at);
      if (count == 0)
        continue;
      into.store(into.load(std::memory_order_relaxed, at) + count, std::memory_order_relaxed, at);
      from.store(0, std::memory_order_relaxed, at);
    }
  }
  known[mine] = false;
  attention[mine].store(kUnattached, std::memory_order_relaxed, at);
  accounts_lock.unlock(at);
}

void forget_threads_words() {
  known = {};
  asked = 0;
  objects = statics;
}

}  // namespace getput::model
