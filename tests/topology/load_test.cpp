// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>

#include <cstdlib>
#include <iostream>

#include "tests/topology/machines.hpp"
#include "topology/pin.hpp"
#include "topology/placement.hpp"
#include "topology/topology.hpp"

namespace getput::topology {
namespace {

using test::message_of;

TEST(Load, SyntheticCounts) {
  const Topology machine = test::two_sockets_smt();
  EXPECT_EQ(machine.origin(), Origin::synthetic);
  EXPECT_EQ(machine.allowed().packages, 2U);
  EXPECT_EQ(machine.allowed().nodes, 2U);
  EXPECT_EQ(machine.allowed().l3s, 16U);
  EXPECT_EQ(machine.allowed().cores, 128U);
  EXPECT_EQ(machine.allowed().pus, 256U);
  EXPECT_EQ(machine.smt_width(), 2U);
  EXPECT_EQ(machine.allowed_cpuset(), "0-255");
}

TEST(Load, KernelNumbersAreNotLogicalIndexes) {
  const Topology machine = test::two_sockets_smt();
  const Pu* sibling = machine.find(128);
  ASSERT_NE(sibling, nullptr);
  EXPECT_EQ(sibling->logical, 1U);
  EXPECT_EQ(sibling->core, 0U);
  EXPECT_EQ(sibling->smt_rank, 1U);
  EXPECT_EQ(machine.find(127)->core, 127U);
  EXPECT_EQ(machine.find(127)->l3, 15U);
  EXPECT_EQ(machine.find(127)->package, 1U);
  EXPECT_EQ(machine.find(127)->node_os, 1U);
  EXPECT_EQ(machine.find(256), nullptr);
  EXPECT_FALSE(machine.exists(256));
}

TEST(Load, FlatMachineHasItsOwnCores) {
  const Topology machine = Topology::from_synthetic("pu:3");
  EXPECT_EQ(machine.allowed().cores, 3U);
  EXPECT_EQ(machine.allowed().packages, 1U);
  EXPECT_EQ(machine.allowed().l3s, 0U);
  EXPECT_EQ(machine.smt_width(), 1U);
}

TEST(Load, BadSyntheticStringsAreNamed) {
  for (const char* text :
       {"", "  ", "foo", "pack:2", "pack:0 pu:1", "core:2 pu:-1", "pack:99999999999 pu:2"}) {
    const std::string said = message_of<RequestError>([&] { Topology::from_spec(text); });
    EXPECT_NE(said.find(std::string("\"") + text + "\""), std::string::npos) << text << said;
  }
  // These would take hwloc hours.
  for (const char* text : {"pu:100000000", "pack:100 core:100 pu:100", "2 0x1001 1"}) {
    EXPECT_NE(message_of<RequestError>([&] { Topology::from_spec(text); }).find("more than 4096"),
              std::string::npos)
        << text;
  }
  EXPECT_EQ(Topology::from_spec("pack:2 [numa(memory=99999999)] core:4 pu:2(indexes=2*8:8*1)")
                .allowed()
                .pus,
            16U);
}

TEST(Load, BadFilesAreNamed) {
  const auto said = [](const std::filesystem::path& path) {
    return message_of<RequestError>([&] { Topology::from_spec(path.string()); });
  };
  EXPECT_NE(said("/no/such/file.xml").find("/no/such/file.xml: No such file"), std::string::npos);
  const test::TemporaryFile empty(".xml", "");
  const test::TemporaryFile noise(".xml", std::string("\0\xff<topology", 12));
  const test::TemporaryFile other(".xml", "<?xml version=\"1.0\"?>\n<svg></svg>\n");
  for (const auto* file : {&empty, &noise, &other}) {
    EXPECT_NE(said(file->path()).find("not an hwloc XML"), std::string::npos) << file->path();
  }
  const std::string whole = test::one_socket().to_xml();
  const test::TemporaryFile cut(".xml", whole.substr(0, whole.size() / 2));
  EXPECT_NE(said(cut.path()).find("not an hwloc XML"), std::string::npos);
  // A FIFO would block for ever.
  const auto fifo =
      std::filesystem::temp_directory_path() / ("getput-fifo-" + std::to_string(getpid()) + ".xml");
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_NE(said(fifo).find("not a regular file"), std::string::npos);
  std::filesystem::remove(fifo);
}

TEST(Load, XmlKeepsAllowedKindsAndDistances) {
  const Topology restricted = test::allowing("pack:2 core:4 pu:1", "1,6");
  EXPECT_EQ(restricted.origin(), Origin::xml);
  EXPECT_EQ(restricted.allowed_cpuset(), "1,6");
  EXPECT_EQ(restricted.machine_cpuset(), "0-7");
  EXPECT_TRUE(restricted.exists(2));
  EXPECT_EQ(restricted.find(2), nullptr);
  const Topology hybrid = test::hybrid();
  EXPECT_GT(hybrid.find(0)->efficiency, hybrid.find(8)->efficiency);
  const Topology ring = test::ring_of_nodes();
  ASSERT_TRUE(ring.distances());
  EXPECT_EQ(ring.distances()->between(0, 2), 30U);
  EXPECT_EQ(ring.distances()->between(3, 3), 10U);
  EXPECT_FALSE(ring.distances()->between(0, 9));
  EXPECT_FALSE(test::eight_nodes().distances());
}

TEST(Load, XmlOfThisMachineRoundTrips) {
  const Topology machine = Topology::of_this_machine();
  const test::TemporaryFile file(".xml", machine.to_xml());
  const Topology again = Topology::from_spec(file.path().string());
  EXPECT_EQ(again.allowed_cpuset(), machine.allowed_cpuset());
  EXPECT_EQ(again.machine_cpuset(), machine.machine_cpuset());
  EXPECT_EQ(again.allowed().cores, machine.allowed().cores);
  EXPECT_EQ(again.memory_nodes().size(), machine.memory_nodes().size());
}

TEST(Load, ThisMachineAllowsWhatTheKernelAllows) {
  const Topology machine = Topology::of_this_machine();
  cpu_set_t kernel;
  ASSERT_EQ(sched_getaffinity(0, sizeof kernel, &kernel), 0);
  EXPECT_EQ(machine.allowed().pus, static_cast<unsigned>(CPU_COUNT(&kernel)));
  for (const Pu& pu : machine.pus()) {
    EXPECT_TRUE(CPU_ISSET(pu.os, &kernel)) << pu.os;
  }
}

/// In a child, because an affinity narrowed here would hold for the tests that follow.
void narrowed_child() {
  const Topology before = Topology::of_this_machine();
  const unsigned kept = before.pus().back().os;
  const unsigned lost = before.pus().front().os;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(kept, &one);
  if (sched_setaffinity(0, sizeof one, &one) != 0) {
    std::cerr << "sched_setaffinity failed\n";
    std::exit(9);
  }
  const Topology after = Topology::of_this_machine();
  const bool only_kept = after.allowed().pus == 1 && after.find(kept) != nullptr;
  const bool known = after.exists(lost) && after.machine().pus == before.machine().pus;
  const auto two = try_place(after, parse_policy("compact"), 2);
  const auto list = try_place(after, Policy{PolicyKind::list, {lost}}, 1);
  const std::string pin = message_of<RequestError>([&] { pin_this_thread(after, lost); });
  // The kernel would have allowed it: a cpuset is a limit, an affinity is a wish.
  const bool stayed = current_pu() == kept;
  pin_this_thread(after, kept);
  std::cerr << only_kept << known << two.exit_code << list.exit_code << stayed << ' ' << list.why
            << " | " << pin << '\n';
  std::exit(0);
}

TEST(LoadDeathTest, NarrowedAffinityIsRespected) {
  if (Topology::of_this_machine().allowed().pus < 2) {
    GTEST_SKIP() << "needs 2 allowed CPUs";
  }
  EXPECT_EXIT(narrowed_child(), ::testing::ExitedWithCode(0),
              "11221 list:[0-9]+: CPU [0-9]+ is outside .*allowed here: [0-9]+ \\| cannot pin to "
              "CPU [0-9]+: it is outside");
}

void foreign_child(const char* variable, const char* value) {
  setenv(variable, value, 1);
  std::cerr << message_of<EnvironmentError>([] { Topology::of_this_machine(); }) << '\n';
  std::exit(0);
}

TEST(LoadDeathTest, AnotherMachineByEnvironmentIsRefused) {
  EXPECT_EXIT(foreign_child("HWLOC_SYNTHETIC", "pack:2 core:64 pu:2"), ::testing::ExitedWithCode(0),
              "makes hwloc describe another machine; unset it");
  const test::TemporaryFile file(".xml", test::eight_nodes().to_xml());
  EXPECT_EXIT(foreign_child("HWLOC_XMLFILE", file.path().c_str()), ::testing::ExitedWithCode(0),
              "makes hwloc describe another machine; unset it");
}

}  // namespace
}  // namespace getput::topology
