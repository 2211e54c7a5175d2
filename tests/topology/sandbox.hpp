// SPDX-License-Identifier: MIT
// A kernel that refuses or lies, for one process: what containers and sandboxes do.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <iterator>

namespace getput::topology::test {

/// From now on that system call returns `error` in this process without doing anything; 0 is the
/// lie that some sandboxes tell. Ends the process with 77 where seccomp is not available.
inline void answer_call_with(unsigned number, unsigned error) {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    std::cerr << "seccomp is not available\n";
    std::exit(77);
  }
}

/// The exit predicate of a child that called answer_call_with().
inline bool exited_well_or_without_seccomp(int status) {
  return WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
}

}  // namespace getput::topology::test
