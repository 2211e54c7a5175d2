// SPDX-License-Identifier: MIT
// The proof that the text is gone, and that the proof can fail.
#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "modules/text_map.hpp"
#include "schemes/counter/atomic_base.hpp"
#include "tests/modules/probe.hpp"

namespace getput::test {
namespace {

using namespace getput::modules;

// mincore() fails with ENOMEM on a page that is not mapped: a second opinion from the kernel.
bool page_is_mapped(std::uintptr_t address) {
  const std::uintptr_t page = address & ~std::uintptr_t{4095};
  unsigned char resident = 0;
  return mincore(reinterpret_cast<void*>(page), 1, &resident) == 0;
}

TEST(Unmap, TextIsGone) {
  Probes probes;
  Loader<AtomicBase<>> loader(probe_options());
  const auto alpha = loader.load("alpha");
  const auto code = reinterpret_cast<std::uintptr_t>(alpha.module->transport()->rcv);
  const auto pieces = mapped_pieces_of(alpha.module->transport());
  ASSERT_FALSE(pieces.empty());
  bool text_found = false;
  for (const MappedPiece& piece : pieces)
    text_found = text_found || (piece.executable && piece.begin <= code && code < piece.end);
  EXPECT_TRUE(text_found);
  EXPECT_TRUE(page_is_mapped(code));
  bool readable = false;
  EXPECT_EQ(still_mapped(pieces, readable).size(), pieces.size());
  ASSERT_TRUE(loader.delete_module("alpha", O_NONBLOCK).ok());
  EXPECT_FALSE(page_is_mapped(code));
  EXPECT_TRUE(still_mapped(pieces, readable).empty());
  EXPECT_TRUE(readable);
}

// Another file at the old address is not the old text.
TEST(Unmap, AddressTakenByAnotherFileIsNoFalseAlarm) {
  auto pieces = mapped_pieces_of(reinterpret_cast<const void*>(&page_is_mapped));
  ASSERT_FALSE(pieces.empty());
  bool readable = false;
  EXPECT_FALSE(still_mapped(pieces, readable).empty());
  for (MappedPiece& piece : pieces) piece.file = "00:00 1";
  EXPECT_TRUE(still_mapped(pieces, readable).empty());
}

TEST(Unmap, UniqueSymbolIsCaught) {
  Loader<AtomicBase<>> loader(probe_options());
  ASSERT_TRUE(loader.load("planted").status.ok());
  RemovalTimes times;
  const Status status = loader.delete_module("planted", O_NONBLOCK, {}, &times);
  EXPECT_EQ(status.code, -ENOTRECOVERABLE);
  EXPECT_NE(status.message.find("still mapped"), std::string::npos) << status.message;
  EXPECT_NE(status.message.find("(text)"), std::string::npos) << status.message;
  EXPECT_NE(status.message.find("-fno-gnu-unique"), std::string::npos) << status.message;
  EXPECT_EQ(status.message.find('\n'), std::string::npos);
  EXPECT_TRUE(loader.list().empty());
  EXPECT_EQ(loader.load("planted").status.code, -EBUSY) << "a void text is not loaded again";
}

TEST(Unmap, SecondReferenceIsCaught) {
  Probes probes;
  Loader<AtomicBase<>> loader(probe_options());
  ASSERT_TRUE(loader.load("pinned").status.ok());
  void* const extra = dlopen((probe_folder() + "/pinned.so").c_str(), RTLD_NOW);
  ASSERT_NE(extra, nullptr);
  EXPECT_EQ(loader.delete_module("pinned", O_NONBLOCK).code, -ENOTRECOVERABLE);
  dlclose(extra);
  EXPECT_FALSE(is_mapped("pinned.so"));
  EXPECT_TRUE(loader.load("pinned").status.ok()) << "once it is gone it can be loaded again";
}

}  // namespace
}  // namespace getput::test
