// SPDX-License-Identifier: MIT
// What snzi costs on a machine of sixteen CPUs, whose tree has inner nodes.
#include <gtest/gtest.h>

#include <string>

#include "schemes/distributed/snzi.hpp"
#include "tests/schemes/contract/crowds_of_objects.hpp"

namespace getput {
namespace {

struct NativeWithSixteenCpus : machine::Native {
  static unsigned possible_cpus() noexcept { return 16; }
};

TEST(SnziBytes, InnerNodesAreTold) {
  const contract::Verdict verdict = contract::bytes_are_as_claimed<Snzi<NativeWithSixteenCpus>>();
  // It may seem to cost less: what other tests of this process have freed is used again.
  EXPECT_EQ(verdict.detail.find("costs more"), std::string::npos) << verdict.detail;
}

}  // namespace
}  // namespace getput
