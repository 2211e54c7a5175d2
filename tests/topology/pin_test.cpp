// SPDX-License-Identifier: MIT
#include "topology/pin.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "tests/topology/machines.hpp"
#include "tests/topology/sandbox.hpp"

namespace getput::topology {
namespace {

using test::message_of;

TEST(Pin, EveryAllowedCpu) {
  const Topology machine = Topology::of_this_machine();
  std::thread([&] {
    for (const Pu& pu : machine.pus()) {
      ASSERT_NO_THROW(pin_this_thread(machine, pu.os));
      EXPECT_EQ(current_pu(), pu.os);
      EXPECT_NO_THROW(verify_pinned(machine, pu.os));
    }
    unpin_this_thread(machine);
    cpu_set_t now;
    ASSERT_EQ(sched_getaffinity(0, sizeof now, &now), 0);
    EXPECT_EQ(static_cast<unsigned>(CPU_COUNT(&now)), machine.allowed().pus);
  }).join();
}

TEST(Pin, ACpuThatIsNotThereIsNamed) {
  const Topology machine = Topology::of_this_machine();
  const std::string said = message_of<RequestError>([&] { pin_this_thread(machine, 65000); });
  EXPECT_EQ(said, "cannot pin to CPU 65000: it does not exist or is offline; allowed here: " +
                      machine.allowed_cpuset());
}

TEST(Pin, ADescriptionCannotBePinnedOn) {
  const Topology described = test::one_socket();
  EXPECT_NE(message_of<RequestError>([&] {
              pin_this_thread(described, 0);
            }).find("threads cannot be pinned on the synthetic topology"),
            std::string::npos);
  EXPECT_THROW(verify_pinned(described, 0), RequestError);
  EXPECT_THROW(unpin_this_thread(described), RequestError);
}

TEST(Pin, TheSecondLookSeesWhatChanged) {
  const Topology machine = Topology::of_this_machine();
  if (machine.allowed().pus < 2) {
    GTEST_SKIP() << "needs 2 allowed CPUs";
  }
  std::thread([&] {
    const unsigned first = machine.pus()[0].os;
    pin_this_thread(machine, first);
    unpin_this_thread(machine);
    EXPECT_NE(message_of<EnvironmentError>([&] {
                verify_pinned(machine, first);
              }).find("not pinned to CPU " + std::to_string(first)),
              std::string::npos);
    pin_this_thread(machine, machine.pus()[1].os);
    EXPECT_THROW(verify_pinned(machine, first), EnvironmentError);
  }).join();
}

void refused_child(unsigned error) {
  const Topology machine = Topology::of_this_machine();
  test::answer_call_with(__NR_sched_setaffinity, error);
  const unsigned target = machine.pus().back().os;
  std::cerr << message_of<EnvironmentError>([&] { pin_this_thread(machine, target); }) << '\n';
  std::exit(0);
}

TEST(PinDeathTest, ARefusalNamesTheCpu) {
  EXPECT_EXIT(refused_child(EPERM), test::exited_well_or_without_seccomp,
              "cannot pin to CPU [0-9]+: Operation not permitted|seccomp is not available");
}

TEST(PinDeathTest, ALieIsFoundOut) {
  if (Topology::of_this_machine().allowed().pus < 2) {
    GTEST_SKIP() << "needs 2 allowed CPUs";
  }
  EXPECT_EXIT(refused_child(0), test::exited_well_or_without_seccomp,
              "not pinned to CPU [0-9]+: the kernel says it may run on|seccomp is not available");
}

}  // namespace
}  // namespace getput::topology
