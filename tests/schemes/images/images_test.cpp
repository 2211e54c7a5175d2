// SPDX-License-Identifier: MIT
// Objects that are handed between a program and a shared library, each with a copy of the headers:
// argv[1] is the library, opened here; with "linked" instead it was there at the start. argv[2], if
// given, is another library with the same symbols, which is opened first and stays.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "all_schemes.hpp"
#include "tests/schemes/contract/actor.hpp"
#include "tests/schemes/images/library.hpp"

extern "C" [[gnu::weak]] const getput::images::Operations* getput_images_table();

namespace getput::images {
namespace {

std::string library;  // empty: linked

/// The library's copy of scheme @p name. Opened anew each time where it is loaded.
class Library {
 public:
  explicit Library(std::string_view name) {
    Table table = &getput_images_table;
    if (!library.empty()) {
      handle_ = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
      EXPECT_NE(handle_, nullptr) << dlerror();
      if (handle_ != nullptr)
        table = reinterpret_cast<Table>(dlsym(handle_, "getput_images_table"));
    }
    if (table != nullptr)
      for (const Operations* o = table(); o->name != nullptr; ++o)
        if (o->name == name)
          operations_ = o;
  }
  ~Library() {
    if (handle_ != nullptr)
      dlclose(handle_);
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  explicit operator bool() const { return operations_ != nullptr; }
  const Operations* operator->() const { return operations_; }

 private:
  void* handle_ = nullptr;
  const Operations* operations_ = nullptr;
};

/// A module of the program, the library's copy of its scheme, and what this thread has to hold.
template <class S>
struct Rig {
  ThreadGuardFor<S> guard{};
  std::unique_ptr<S> module = std::make_unique<S>();
  Library lib{S::info.name};
};

constexpr std::size_t kMostTicketBytes = 64;
struct alignas(std::max_align_t) TicketMemory {
  std::byte bytes[kMostTicketBytes];
};

/// A reference that the library's thread holds keeps the program's remover waiting, and its put
/// wakes it.
template <class S>
void library_holds() {
  const Rig<S> rig;
  const auto& module = rig.module;
  const Library& lib = rig.lib;
  ASSERT_TRUE(lib);
  ASSERT_EQ(lib->ticket_bytes, sizeof(typename S::Ticket));
  if (auto mine = module->try_get(); mine)
    module->put(mine);
  contract::Actor holder("holder in the library", [&](const contract::Actor::Loop& loop) {
    void* const registered = lib->enter();
    loop();
    lib->leave(registered);
  });
  TicketMemory ticket;
  bool held = false;
  holder.run([&] { held = lib->try_get(module.get(), &ticket); });
  ASSERT_TRUE(held);
  if (S::info.count != CountExactness::not_possible) {
    EXPECT_EQ(module->count(), 1);
  }
  module->stop();
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(module->drained()) << "drained while it is held";
  const contract::Deadline deadline;
  holder.start([&] {
    std::this_thread::sleep_for(contract::milliseconds(20));
    lib->put(module.get(), &ticket);
  });
  module->wait_drained(deadline.token());
  EXPECT_FALSE(deadline.passed()) << "the put in the library does not end the wait";
  EXPECT_TRUE(module->drained());
  holder.finish();
}

/// A reference that is taken in one image and given back in the other, by one thread.
template <class S>
void put_in_the_other_image() {
  const Rig<S> rig;
  const auto& module = rig.module;
  const Library& lib = rig.lib;
  ASSERT_TRUE(lib);
  void* const registered = lib->enter();  // a second guard of this thread
  for (int i = 0; i < 100; ++i) {
    auto mine = module->try_get();
    ASSERT_TRUE(static_cast<bool>(mine));
    lib->put(module.get(), &mine);
    TicketMemory theirs;
    ASSERT_TRUE(lib->try_get(module.get(), &theirs));
    module->put(*reinterpret_cast<typename S::Ticket*>(&theirs));
  }
  lib->leave(registered);
  EXPECT_EQ(module->count(), 0);
  module->stop();
  const contract::Deadline deadline;
  module->wait_drained(deadline.token());
  EXPECT_FALSE(deadline.passed());
  EXPECT_TRUE(lib->drained(module.get()));
}

/// Threads that used the library's copy end after it was closed.
template <class S>
void threads_outlive_the_library() {
  auto module = std::make_unique<S>();
  std::atomic<int> step{0};
  std::thread user([&] {
    {
      const Library lib(S::info.name);
      void* const registered = lib->enter();
      TicketMemory ticket;
      if (lib->try_get(module.get(), &ticket))
        lib->put(module.get(), &ticket);
      lib->leave(registered);
      module->stop();
      static_cast<void>(lib->drained(module.get()));
      module.reset();  // a grace period may be under way
    }
    step = 1;
    while (step != 2) std::this_thread::yield();
  });
  while (step != 1) std::this_thread::yield();
  std::this_thread::sleep_for(contract::milliseconds(20));
  step = 2;
  user.join();
}

/// Nanoseconds of a pair, the least of many bursts.
template <class Pairs>
double least_ns(Pairs pairs) {
  constexpr int kBurst = 500;
  double least = 1e9;
  for (int i = 0; i < 100; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    pairs(kBurst);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    least = std::min(least, took.count() / kBurst);
  }
  return least;
}

/// An image that used what another image remembers would look everything up at every pair, which
/// costs some hundred times as much.
template <class S>
void library_pays_no_lookup() {
  const Rig<S> rig;
  const auto& module = rig.module;
  const Library& lib = rig.lib;
  ASSERT_TRUE(lib);
  const double here = least_ns([&](int n) { take_and_give_back(*module, n); });
  const double there = least_ns([&](int n) { lib->pairs(module.get(), n); });
  EXPECT_LT(there, 10 * here + 20);
}

template <class S>
class Case : public testing::Test {
 public:
  explicit Case(void (*body)()) : body_(body) {}
  void TestBody() override {
    if (const std::string why = machine::Native::unavailable(S::info); !why.empty())
      GTEST_SKIP() << why;
    body_();
  }

 private:
  void (*body_)();
};

template <class S>
void add(const char* what, void (*body)()) {
  testing::RegisterTest("Images", (std::string(S::info.name) + "_" + what).c_str(), nullptr,
                        nullptr, __FILE__, __LINE__,
                        [body]() -> testing::Test* { return new Case<S>(body); });
}

template <class S>
void add_all() {
  if (!S::info.removal || !S::info.safe)
    return;
  add<S>("library_holds", &library_holds<S>);
  add<S>("put_in_the_other_image", &put_in_the_other_image<S>);
  add<S>("threads_outlive_the_library", &threads_outlive_the_library<S>);
  add<S>("library_pays_no_lookup", &library_pays_no_lookup<S>);
}

}  // namespace
}  // namespace getput::images

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1 && std::string(argv[1]) != "linked")
    getput::images::library = argv[1];
  if (argc > 2 && dlopen(argv[2], RTLD_NOW | RTLD_LOCAL) == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
#define GETPUT_SCHEME(Class) getput::images::add_all<getput::Class<>>();
  GETPUT_ALL_SCHEMES(GETPUT_SCHEME)
#undef GETPUT_SCHEME
  return RUN_ALL_TESTS();
}
