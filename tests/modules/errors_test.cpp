// SPDX-License-Identifier: MIT
// Every error number of load and delete, and the lines that explain them.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "schemes/control/none.hpp"
#include "schemes/control/plain.hpp"
#include "tests/modules/mutex_scheme.hpp"
#include "tests/modules/probe.hpp"

namespace getput::test {
namespace {

using namespace getput::modules;
namespace fs = std::filesystem;

class Errors : public testing::Test {
 protected:
  // Expects the load to fail with `error` and a single line that contains `text`.
  void expect_refused(const std::string& name, int error, const std::string& text) {
    const auto loaded = loader_.load(name);
    EXPECT_EQ(loaded.status.code, -error) << loaded.status.message;
    EXPECT_EQ(loaded.module, nullptr);
    EXPECT_NE(loaded.status.message.find(text), std::string::npos) << loaded.status.message;
    EXPECT_EQ(loaded.status.message.find('\n'), std::string::npos) << loaded.status.message;
    EXPECT_TRUE(loader_.list().empty());
    EXPECT_FALSE(is_mapped(name + ".so"));
  }

  std::string warnings_;
  Probes probes_;
  Loader<MutexScheme> loader_{probe_options(&warnings_)};
};

TEST_F(Errors, NamesThatAreNone) {
  expect_refused("", EINVAL, "not a module name");
  expect_refused("../alpha", EINVAL, "not a module name");
  expect_refused("a\nb", EINVAL, "'a?b'");
  expect_refused(std::string(56, 'a'), EINVAL, "1 to 55");
  expect_refused(std::string("al\0pha", 6), EINVAL, "not a module name");
}

TEST_F(Errors, MissingFileListsWhatIsThere) {
  expect_refused("nowhere", ENOENT, "alpha, bad_abi");
  expect_refused("nowhere", ENOENT, "GETPUT_PLUGIN_DIR");
}

TEST_F(Errors, FilesThatAreNoModule) {
  expect_refused("no_entry", ENOEXEC, "exports no getput_module");
  expect_refused("bad_magic", ENOEXEC, "wrong magic");
  expect_refused("bad_abi", ENOEXEC, "speaks plug-in ABI 99");
  expect_refused("bad_size", ENOEXEC, "(8 bytes)");
  expect_refused("bad_name", ENOEXEC, "names itself 'other'");
  expect_refused("nameless", ENOEXEC, "names itself ''");
}

class DamagedFiles : public Errors {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    auto options = probe_options();
    options.plugin_dir = folder_;
    other_ = std::make_unique<Loader<MutexScheme>>(options);
  }
  void TearDown() override { fs::remove_all(folder_); }

  void expect_damaged(const std::string& text) {
    const auto loaded = other_->load("alpha");
    EXPECT_EQ(loaded.status.code, -ENOEXEC) << loaded.status.message;
    EXPECT_NE(loaded.status.message.find(text), std::string::npos) << loaded.status.message;
  }

  const fs::path folder_ =
      fs::path(testing::TempDir()) / ("getput_damaged_" + std::to_string(getpid()));
  const fs::path file_ = folder_ / "alpha.so";
  std::unique_ptr<Loader<MutexScheme>> other_;
};

TEST_F(DamagedFiles, EmptyOrText) {
  std::ofstream(file_).flush();
  expect_damaged("no ELF header");
  std::ofstream(file_) << "this is a text file, long enough to hold a header of sixty-four bytes";
  expect_damaged("no ELF header");
}

// Whatever length is left: an error, never SIGBUS.
TEST_F(DamagedFiles, CutOffAnywhere) {
  const fs::path whole = fs::path(probe_folder()) / "alpha.so";
  const auto size = fs::file_size(whole);
  for (std::uintmax_t part = 0; part < 16; ++part) {
    fs::copy_file(whole, file_, fs::copy_options::overwrite_existing);
    fs::resize_file(file_, size * part / 32 + part);
    const auto loaded = other_->load("alpha");
    if (!loaded.status.ok()) {
      EXPECT_EQ(loaded.status.code, -ENOEXEC) << loaded.status.message;
    } else {  // only debug sections or the section table are missing: still a whole module
      EXPECT_TRUE(other_->delete_module("alpha", O_NONBLOCK).ok());
    }
  }
}

TEST_F(DamagedFiles, FolderInsteadOfFile) {
  fs::create_directory(file_);
  expect_damaged("not a regular file");
}

TEST_F(Errors, LoadedTwice) {
  ASSERT_TRUE(loader_.load("alpha").status.ok());
  EXPECT_EQ(loader_.load("alpha").status.code, -EEXIST);
  EXPECT_EQ(probes_.inits("alpha"), 1);
}

TEST_F(Errors, FileOfAnotherLoader) {
  ASSERT_TRUE(loader_.load("alpha").status.ok());
  Loader<MutexScheme> other(probe_options());
  const auto again = other.load("alpha");
  EXPECT_EQ(again.status.code, -EBUSY) << again.status.message;
}

TEST_F(Errors, InitFails) {
  probes_.on_init("alpha", [](const std::string&) { return -ENODEV; });
  expect_refused("alpha", ENODEV, "init of module alpha failed");
  EXPECT_EQ(probes_.exits("alpha"), 0) << "exit() belongs to a successful init()";
  probes_.on_init("alpha", {});
  EXPECT_TRUE(loader_.load("alpha").status.ok()) << "a failed load leaves nothing behind";
}

TEST_F(Errors, InitReturnsPositive) {
  probes_.on_init("alpha", [](const std::string&) { return 3; });
  const auto alpha = loader_.load("alpha");
  EXPECT_TRUE(alpha.status.ok());
  EXPECT_EQ(alpha.module->state(), ModuleState::live);
  EXPECT_NE(warnings_.find("alpha returned 3"), std::string::npos) << warnings_;
}

TEST_F(Errors, DeleteUnknown) {
  ASSERT_TRUE(loader_.load("alpha").status.ok());
  const Status status = loader_.delete_module("beta", O_NONBLOCK);
  EXPECT_EQ(status.code, -ENOENT);
  EXPECT_NE(status.message.find("loaded: alpha"), std::string::npos) << status.message;
}

TEST_F(Errors, InitWithoutExitCannotBeRemovedUnlessForced) {
  ASSERT_TRUE(loader_.load("permanent").status.ok());
  EXPECT_EQ(loader_.delete_module("permanent", O_NONBLOCK).code, -EBUSY);
  EXPECT_EQ(loader_.delete_module("permanent", 0).code, -EBUSY);
  EXPECT_FALSE(loader_.tainted());
  EXPECT_TRUE(loader_.delete_module("permanent", O_TRUNC).ok());
  EXPECT_TRUE(loader_.tainted());
  EXPECT_NE(warnings_.find("by force"), std::string::npos) << warnings_;
  EXPECT_FALSE(is_mapped("permanent.so"));
}

TEST_F(Errors, ForceDoesNotWaitAndTaints) {
  const auto alpha = loader_.load("alpha");
  const auto ticket = try_module_get(alpha.module.get());
  EXPECT_TRUE(loader_.delete_module("alpha", O_TRUNC).ok());
  EXPECT_TRUE(loader_.tainted());
  EXPECT_FALSE(is_mapped("alpha.so"));
  module_put(alpha.module.get(), ticket);  // the handle keeps the count, if not the code
}

TEST_F(Errors, ForceOnAnIdleModuleDoesNotTaint) {
  ASSERT_TRUE(loader_.load("alpha").status.ok());
  EXPECT_TRUE(loader_.delete_module("alpha", O_TRUNC | O_NONBLOCK).ok());
  EXPECT_FALSE(loader_.tainted());
}

// Dependents are looked at before the state, the state before the missing exit().
TEST_F(Errors, OrderOfChecks) {
  ASSERT_TRUE(loader_.load("alpha").status.ok());
  probes_.on_init("beta", [&](const std::string&) {
    EXPECT_EQ(loader_.delete_module("alpha", O_NONBLOCK).code, -EWOULDBLOCK);
    EXPECT_EQ(loader_.delete_module("beta", O_NONBLOCK).code, -EBUSY);
    EXPECT_EQ(loader_.delete_module("beta", O_TRUNC).code, -EBUSY) << "force is ignored here";
    return 0;
  });
  ASSERT_TRUE(loader_.load("beta").status.ok());
  EXPECT_EQ(loader_.delete_module("alpha", 0).code, -EWOULDBLOCK) << "never waits for dependents";
}

TEST(NotPossible, SchemesWithoutRemoval) {
  Probes probes;
  Loader<None<>> none(probe_options());
  ASSERT_TRUE(none.load("alpha").status.ok());
  for (const unsigned flags : {0u, unsigned{O_NONBLOCK}, unsigned{O_TRUNC}}) {
    const Status status = none.delete_module("alpha", flags);
    EXPECT_EQ(status.code, -EOPNOTSUPP);
    EXPECT_NE(status.message.find("scheme none"), std::string::npos) << status.message;
  }
  EXPECT_TRUE(is_mapped("alpha.so"));
  Loader<Plain<>> plain(probe_options());
  ASSERT_TRUE(plain.load("delta").status.ok());
  EXPECT_EQ(plain.delete_module("delta", 0).code, -EOPNOTSUPP);
}

TEST(NotPossible, TryStopOnly) {
  Probes probes;
  Loader<WaitOnlyScheme> loader(probe_options());
  ASSERT_TRUE(loader.load("alpha").status.ok());
  EXPECT_EQ(loader.delete_module("alpha", O_NONBLOCK).code, -EOPNOTSUPP);
  EXPECT_TRUE(loader.delete_module("alpha", 0).ok());
}

TEST(BuiltIn, NullModule) {
  Module<MutexScheme>* const built_in = nullptr;
  const auto ticket = try_module_get(built_in);
  EXPECT_TRUE(ticket);
  EXPECT_TRUE(module_get(built_in, ticket));
  module_put(built_in, ticket);
}

TEST(PluginFolder, EnvironmentVariableReplacesTheSearch) {
  Probes probes;
  ASSERT_EQ(setenv("GETPUT_PLUGIN_DIR", probe_folder().c_str(), 1), 0);
  Loader<MutexScheme> loader;
  EXPECT_TRUE(loader.load("alpha").status.ok());
  EXPECT_EQ(loader.load("udp").status.code, -ENOENT);
  ASSERT_EQ(unsetenv("GETPUT_PLUGIN_DIR"), 0);
  const auto udp = loader.load("udp");
  EXPECT_TRUE(udp.status.ok()) << udp.status.message;
}

}  // namespace
}  // namespace getput::test
