// SPDX-License-Identifier: MIT
#include "bench/engine/local_thread.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "bench/engine/errors.hpp"
#include "bench/engine/placement.hpp"

namespace getput::bench {
namespace {

constexpr std::size_t kStackBytes = std::size_t{8} << 20U;

/// Restores the affinity that the calling thread has now.
class AffinityScope {
 public:
  AffinityScope() noexcept : known_(sched_getaffinity(0, sizeof(set_), set_.data()) == 0) {}
  ~AffinityScope() {
    if (known_) {
      sched_setaffinity(0, sizeof(set_), set_.data());
    }
  }
  AffinityScope(const AffinityScope&) = delete;
  AffinityScope& operator=(const AffinityScope&) = delete;

 private:
  std::array<cpu_set_t, 8> set_{};  // 8192 CPUs
  bool known_;
};

}  // namespace

LocalThread::LocalThread(unsigned pu, std::function<void()> main) : main_(std::move(main)) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  mapped_ = kStackBytes + page;
  void* const memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (memory == MAP_FAILED) {
    throw EnvironmentError(std::string("cannot map the stack of a worker: ") +
                           std::strerror(errno));
  }
  stack_ = static_cast<std::byte*>(memory);
  int error = 0;
  try {
    mprotect(stack_, page, PROT_NONE);
    error = create_on(pu);
  } catch (...) {
    munmap(stack_, mapped_);
    throw;
  }
  if (error != 0) {
    munmap(stack_, mapped_);
    throw EnvironmentError(std::string("cannot start a worker: ") + std::strerror(error));
  }
}

int LocalThread::create_on(unsigned pu) {
  const AffinityScope restore;
  pin_this_thread(pu);
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int error = pthread_attr_setstack(&attributes, stack_ + (mapped_ - kStackBytes), kStackBytes);
  if (error == 0) {
    error = pthread_create(&thread_, &attributes, &LocalThread::run, this);
  }
  pthread_attr_destroy(&attributes);
  return error;
}

LocalThread::~LocalThread() {
  pthread_join(thread_, nullptr);
  munmap(stack_, mapped_);
}

void* LocalThread::run(void* self) {
  static_cast<LocalThread*>(self)->main_();
  return nullptr;
}

}  // namespace getput::bench
