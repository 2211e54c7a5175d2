// SPDX-License-Identifier: MIT
#include "bench/program/writer.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "bench/engine/errors.hpp"
#include "tests/bench/program/program.hpp"

namespace getput::bench {
namespace {

using test::read_file;
using test::TempFolder;
using test::write_file;

TEST(Writer, AppendsOneLineAnObject) {
  const TempFolder folder;
  const std::string path = folder.file("x.jsonl");
  write_file(path, "{\"old\":1}\n");
  {
    ResultWriter writer(path);
    writer.append({{"a", 1}, {"text", "two\nlines"}});
    EXPECT_EQ(read_file(path), "{\"old\":1}\n{\"a\":1,\"text\":\"two\\nlines\"}\n")
        << "there at once, not at the end";
    writer.append({{"b", std::nan("")}});
  }
  EXPECT_EQ(test::read_lines(path).size(), 3U);
  EXPECT_TRUE(test::read_lines(path)[2]["b"].is_null());
}

TEST(Writer, TakesOffATornLineOfAKilledRun) {
  const TempFolder folder;
  const std::string path = folder.file("x.jsonl");
  write_file(path, "{\"a\":1}\n{\"b\":");
  { ResultWriter writer(path); }
  EXPECT_EQ(read_file(path), "{\"a\":1}\n");
  write_file(path, "{\"a\"");
  { ResultWriter writer(path); }
  EXPECT_EQ(read_file(path), "");
}

TEST(Writer, SurvivesBrokenUtf8) {
  const TempFolder folder;
  const std::string path = folder.file("x.jsonl");
  ResultWriter writer(path);
  writer.append({{"bad", "\xff\xfe"}});
  EXPECT_EQ(test::read_lines(path).size(), 1U);
}

TEST(Writer, NamesAFileThatCannotBeOpened) {
  const TempFolder folder;
  try {
    const ResultWriter writer(folder.file("no/such/folder.jsonl"));
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find("folder.jsonl"), std::string::npos);
  }
}

TEST(Writer, SaysThatTheDiskIsFull) {
  ResultWriter writer("/dev/full");
  try {
    writer.append({{"a", 1}});
    FAIL();
  } catch (const EnvironmentError& error) {
    EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("--resume"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace getput::bench
