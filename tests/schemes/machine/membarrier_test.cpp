// SPDX-License-Identifier: MIT
#include "schemes/machine/membarrier.hpp"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "tests/schemes/contract/effort.hpp"

namespace getput::machine {
namespace {

/// From now on the kernel refuses membarrier(2) to this thread. False if it does not do us this.
bool refuse_membarrier() {
  std::array code{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

void after_refusal(void (*barrier)() noexcept) {
  if (refuse_membarrier()) {
    barrier();
  } else {
    std::fputs("no filter, so membarrier cannot be refused\n", stderr);
    std::abort();
  }
}

/// A remover that went on without the barrier would unmap text under its callers.
TEST(MembarrierDeathTest, BarrierThatIsRefusedIsNotTakenForPassed) {
  if (!Membarrier::available() || !Membarrier::rseq_available())
    GTEST_SKIP() << "no membarrier here";
  if (contract::kTsan)
    GTEST_SKIP() << "ThreadSanitizer does not follow fork()";
  EXPECT_DEATH(after_refusal(&Membarrier::heavy_barrier), "membarrier");
  EXPECT_DEATH(after_refusal(&Membarrier::rseq_barrier), "membarrier");
}

}  // namespace
}  // namespace getput::machine
