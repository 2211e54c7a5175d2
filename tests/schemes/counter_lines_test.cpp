// SPDX-License-Identifier: MIT
// On which cache line a counter and its flag are.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include "schemes/counter/atomic_base.hpp"
#include "schemes/counter/file_ref.hpp"
#include "schemes/counter/rcuref.hpp"
#include "schemes/counter/sticky.hpp"

namespace getput {
namespace {

/// Which bytes of @p object an operation on it changes.
template <class S, class Operation>
std::vector<std::size_t> changed_bytes(S& object, Operation operation) {
  const auto bytes_of = [&object] {
    std::array<std::byte, sizeof(S)> bytes;
    std::memcpy(bytes.data(), static_cast<const void*>(&object), sizeof(S));
    return bytes;
  };
  const auto before = bytes_of();
  operation();
  const auto after = bytes_of();
  std::vector<std::size_t> changed;
  for (std::size_t i = 0; i < sizeof(S); ++i)
    if (before[i] != after[i])
      changed.push_back(i);
  return changed;
}

/// try_get() reads the flag and then writes the count: on one line that is two transfers of it.
template <class S>
void flag_is_on_another_line() {
  constexpr std::size_t kLine = 64;
  static_assert(alignof(S) == kLine);
  S module;
  const auto counted = changed_bytes(module, [&module] { ASSERT_TRUE(module.try_get()); });
  const auto stopped = changed_bytes(module, [&module] { module.stop(); });
  ASSERT_FALSE(counted.empty());
  EXPECT_EQ(counted.front() / kLine, counted.back() / kLine);
  EXPECT_NE(stopped.front() / kLine, stopped.back() / kLine) << "the flag is beside the count";
}

TEST(CounterLines, FlagIsOnAnotherLine) {
  flag_is_on_another_line<Sticky<>>();
  flag_is_on_another_line<Rcuref<>>();
  flag_is_on_another_line<FileRef<>>();
  flag_is_on_another_line<AtomicBase<>>();
  EXPECT_EQ(sizeof(Rcuref<machine::Native, FlagPlace::beside_word>), 8U);
  EXPECT_EQ((Rcuref<machine::Native, FlagPlace::beside_word>::info.bytes_per_object), 8U);
}

}  // namespace
}  // namespace getput
