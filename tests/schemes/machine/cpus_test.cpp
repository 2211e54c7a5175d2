// SPDX-License-Identifier: MIT
#include "schemes/machine/cpus.hpp"

#include <gtest/gtest.h>
#include <sched.h>

namespace getput::machine {
namespace {

TEST(CpuList, EndsAfterItsHighestNumber) {
  EXPECT_EQ(end_of_cpu_list("0"), 1U);
  EXPECT_EQ(end_of_cpu_list("0-1"), 2U);
  EXPECT_EQ(end_of_cpu_list("0-255\n"), 256U);
  EXPECT_EQ(end_of_cpu_list("0-3,8-11"), 12U);
  EXPECT_EQ(end_of_cpu_list("6,2"), 7U);
  EXPECT_EQ(end_of_cpu_list("0-18,19"), 20U);
}

TEST(CpuList, HoldsNothing) {
  EXPECT_EQ(end_of_cpu_list(""), 0U);
  EXPECT_EQ(end_of_cpu_list("\n"), 0U);
}

TEST(PossibleCpus, CoverTheCpuThatRunsThis) {
  EXPECT_GT(possible_cpus(), static_cast<unsigned>(sched_getcpu()));
}

TEST(PossibleCpus, AListThatIsTooShortIsNotBelieved) {
  EXPECT_EQ(bound_of_cpus(4, 4), 4U);
  EXPECT_EQ(bound_of_cpus(8, 2), 8U) << "CPUs that may be plugged in";
  EXPECT_EQ(bound_of_cpus(1, 2), bits_of_kernel_cpu_mask()) << "threads were seen on CPU 1";
  EXPECT_EQ(bound_of_cpus(0, 2), bits_of_kernel_cpu_mask()) << "no sysfs";
  EXPECT_GT(end_of_seen_cpus(), static_cast<unsigned>(sched_getcpu()));
}

// A cpuset or a missing sysfs must not make the bound smaller than a number that can occur.
TEST(PossibleCpus, TheKernelsMaskIsAtLeastAsWide) {
  EXPECT_GE(bits_of_kernel_cpu_mask(), possible_cpus());
}

}  // namespace
}  // namespace getput::machine
