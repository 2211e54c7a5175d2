// SPDX-License-Identifier: MIT
// deny_syscall NAME[,NAME...] COMMAND [ARGUMENT...]
//
// Runs a command to which the kernel refuses the named system calls, as an old kernel or a
// container does: the test that getput says so in plain words and goes on with what is left. A
// classic seccomp filter, which the command and its children inherit and cannot take off.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct Deniable {
  std::string_view name;
  long number;
  int error;  ///< what the call then fails with: missing in the kernel, or forbidden
};

constexpr std::array kDeniable{
    Deniable{"membarrier", SYS_membarrier, ENOSYS},
    Deniable{"rseq", SYS_rseq, ENOSYS},
    Deniable{"perf_event_open", SYS_perf_event_open, EACCES},
    Deniable{"sched_setaffinity", SYS_sched_setaffinity, EPERM},
    Deniable{"mbind", SYS_mbind, EPERM},
};

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
#error "deny_syscall knows x86-64 and aarch64"
#endif

sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
sock_filter jump_if_equal(std::uint32_t value, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
}
sock_filter answer(std::uint32_t action) {
  return BPF_STMT(BPF_RET | BPF_K, action);
}

/// False, with errno, if the kernel does not take the filter.
bool deny(const std::vector<const Deniable*>& denied) {
  // System call numbers mean something else to a program of another architecture: let it be.
  std::vector<sock_filter> code{load(offsetof(seccomp_data, arch)),
                                jump_if_equal(kArchitecture, 1, 0), answer(SECCOMP_RET_ALLOW),
                                load(offsetof(seccomp_data, nr))};
  for (const Deniable* call : denied) {
    code.push_back(jump_if_equal(static_cast<std::uint32_t>(call->number), 0, 1));
    code.push_back(answer(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(call->error)));
  }
  code.push_back(answer(SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// The calls named in @p list; empty, after a line that lists the known ones, if one is unknown.
std::vector<const Deniable*> parse(const std::string& list) {
  std::vector<const Deniable*> denied;
  std::istringstream names(list);
  for (std::string name; std::getline(names, name, ',');) {
    const std::size_t before = denied.size();
    for (const Deniable& call : kDeniable)
      if (call.name == name)
        denied.push_back(&call);
    if (denied.size() == before) {
      std::fprintf(stderr, "deny_syscall: cannot deny '%s'; known:", name.c_str());
      for (const Deniable& call : kDeniable) std::fprintf(stderr, " %s", call.name.data());
      std::fprintf(stderr, "\n");
      return {};
    }
  }
  return denied;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: deny_syscall NAME[,NAME...] COMMAND [ARGUMENT...]\n");
    return 2;
  }
  const std::vector<const Deniable*> denied = parse(argv[1]);
  if (denied.empty())
    return 2;
  if (!deny(denied)) {
    std::fprintf(stderr, "deny_syscall: the kernel takes no seccomp filter: %s\n",
                 std::strerror(errno));
    return 3;
  }
  execvp(argv[2], argv + 2);
  std::fprintf(stderr, "deny_syscall: cannot run %s: %s\n", argv[2], std::strerror(errno));
  return 3;
}
