# SPDX-License-Identifier: MIT
"""A unit that uses liburcu itself compiles to the same calls with getput's headers as without them."""
import itertools
import os
import re
import subprocess

import pytest
from guest import CLANG, COMPILERS, GCC, LIBURCU, WRAPPING, compile_unit, headers, include_root, side_by_side

pytestmark = pytest.mark.skipif(
    compile_unit(GCC, "#include <urcu.h>\n", "-fsyntax-only").returncode != 0, reason="no liburcu here")

FLAVOURS = {
    "memb": "#include <urcu.h>\n",
    "mb": "#define RCU_MB\n#include <urcu.h>\n",
    "signal": "#define RCU_SIGNAL\n#include <urcu.h>\n",
    "qsbr": "#include <urcu-qsbr.h>\n",
    "bp": "#include <urcu-bp.h>\n",
}
COUNTER = "#include <getput/schemes/counter/atomic_base.hpp>\n"
RCU = "".join(f"#include <getput/schemes/grace/rcu_{flavour}.hpp>\n" for flavour in ("qsbr", "memb", "bp", "mb"))
ORDERS = {
    "after": lambda user: user + COUNTER + RCU,
    "before": lambda user: COUNTER + RCU + user,
    "between": lambda user: RCU + user + COUNTER,
}
# All that the maps of liburcu's flavours rename, and what its pointer header defines.
USER = """
struct Node { rcu_head head; };
Node* published;
Node* other;
void released(rcu_head*) {}
void deferred(void*) {}
int user_of_liburcu() {
  rcu_register_thread();
  rcu_read_lock();
  Node* const seen = rcu_dereference(published);
  const int ongoing = rcu_read_ongoing();
  rcu_read_unlock();
  rcu_quiescent_state();
  rcu_thread_offline();
  rcu_thread_online();
  rcu_assign_pointer(published, other);
  rcu_xchg_pointer(&published, other);
  synchronize_rcu();
  if (seen != nullptr)
    call_rcu(&seen->head, &released);
  rcu_barrier();
  rcu_defer_register_thread();
  defer_rcu(&deferred, seen);
  rcu_defer_barrier();
  rcu_defer_unregister_thread();
  set_thread_call_rcu_data(create_call_rcu_data(0, -1));
  rcu_unregister_thread();
  return ongoing + (rcu_flavor.read_lock != nullptr);
}
DECLARE_URCU_TLS(int, of_the_user);
"""
RENAMED = re.compile(r"^#define (_?(?:rcu|call_rcu|urcu|URCU|RCU|LGPL|_LGPL|synchronize_rcu|defer_rcu|cds|CDS|"
                     r"(?:get|set|create|free)_\w*call_rcu)\w*) ?(.*)$", re.MULTILINE)


def compiled(compiler, flavour, lgpl, order, root):
    """(macros of liburcu, symbols of liburcu) of the user's unit; order None: without getput."""
    include = ("#define _LGPL_SOURCE\n" if lgpl else "") + FLAVOURS[flavour] + "#include <urcu/tls-compat.h>\n"
    text = (ORDERS[order](include) if order else include) + USER
    arguments = [f"-I{root}", "-Wall", "-Wextra", "-Werror", "-Wno-deprecated-volatile" if compiler == CLANG else "-Wno-volatile"]
    macros = compile_unit(compiler, text, *arguments, "-E", "-dM")
    assembly = compile_unit(compiler, text, *arguments, "-S", "-o", "-")
    if assembly.returncode or macros.returncode:
        return assembly.stderr or macros.stderr
    symbols = set(re.findall(r"\b_*u?rcu_\w+|\bdefer_rcu\w*|\b\w*call_rcu\w*", assembly.stdout))
    return dict(RENAMED.findall(macros.stdout)), symbols


# A unit takes seconds: one case of each kind in every run, and in it the order that has headers on both sides of the
# user's; the rest with scripts/test --flags.
EVERYTHING = bool(os.environ.get("GETPUT_ALL_FLAGS"))
TRIED_ORDERS = list(ORDERS) if EVERYTHING else ["between"]
CASES = [
    *itertools.product([GCC], FLAVOURS, [True]),
    *itertools.product([GCC], ("memb", "qsbr", "bp"), [False]),
    *itertools.product(COMPILERS[1:], ("memb", "qsbr"), [True]),
] if EVERYTHING else [
    (GCC, "memb", False), (GCC, "qsbr", True), *itertools.product(COMPILERS[1:], ["bp"], [True])]


@pytest.fixture(scope="module")
def units(tmp_path_factory):
    root = include_root(tmp_path_factory.mktemp("include"))
    keys = [(*case, order) for case in CASES for order in (None, *TRIED_ORDERS)]
    return dict(zip(keys, side_by_side(lambda key: compiled(*key, root), keys)))


@pytest.mark.parametrize("order", TRIED_ORDERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0].split('/')[-1]}-{case[1]}{'-lgpl' if case[2] else ''}")
def test_unit_keeps_its_flavour(units, case, order):
    without, with_getput = units[(*case, None)], units[(*case, order)]
    assert isinstance(without, tuple), without
    assert isinstance(with_getput, tuple), with_getput
    flavour = case[1]
    assert f"urcu_{flavour}_" in without[0]["rcu_read_lock"], "the case tests this flavour"
    assert f"urcu_{flavour}_synchronize_rcu" in without[1], "the case tests this flavour"
    changed = {name: (body, with_getput[0].get(name)) for name, body in without[0].items()
               if with_getput[0].get(name) != body}
    assert not changed, "macros of the unit (without, with getput)"
    assert "_LGPL_SOURCE" in with_getput[0] or not case[2]
    assert case[2] or "_LGPL_SOURCE" not in with_getput[0], "getput makes no choice of licence for the unit"
    # _ZTH, _ZTW: the compiler's test for a constructor, which a __thread variable does not have
    assert {name for name in with_getput[1] if not name.startswith("_ZT")} == without[1]


def test_only_the_rcu_schemes_include_liburcu(tmp_path):
    root = include_root(tmp_path)
    plain = [name for name in headers() if not WRAPPING.match(name) and "rseq_" not in name]
    assert len(plain) > 40
    found = compile_unit(GCC, "".join(f"#include <getput/{name}>\n" for name in plain), f"-I{root}", "-M")
    assert found.returncode == 0, found.stderr
    assert "urcu" not in found.stdout.replace(str(root), "")
    assert "urcu" in compile_unit(GCC, RCU, f"-I{root}", "-M").stdout, "the search finds it where it is"


GRACE_PERIODS = """
#include <atomic>
#include <cstdio>
#include <thread>
// liburcu writes its own head only: the scheme's function pointer follows it.
using Head = getput::machine::RcuMembDomain::Head;
static_assert(sizeof(Head) == sizeof(rcu_head) + sizeof(void*) && alignof(Head) >= alignof(rcu_head));
int main() {
  // The user's reader holds up the user's grace periods, and not those of getput's scheme.
  std::atomic<int> step{0};
  std::thread reader([&] {
    rcu_register_thread();
    rcu_read_lock();
    step = 1;
    while (step != 2) std::this_thread::yield();
    rcu_read_unlock();
    rcu_unregister_thread();
  });
  while (step != 1) std::this_thread::yield();
  std::atomic<bool> synchronized{false};
  std::thread updater([&] { synchronize_rcu(); synchronized = true; });
  SCHEME module;
  {
    SCHEME::ThreadGuard guard;
    auto ticket = module.try_get();
    module.put(ticket);
    module.stop();
    if (module.try_get()) return 2;
  }
  for (int i = 0; i < 1000 && !module.drained(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const bool early = synchronized, drained = module.drained();
  step = 2;
  reader.join();
  updater.join();
  std::printf("%d %d\\n", early, drained);
  return early || !drained;
}
"""


@pytest.mark.parametrize("compiler", COMPILERS if EVERYTHING else [GCC])
@pytest.mark.parametrize("flavour, scheme", [("qsbr", "RcuMemb"), ("mb", "RcuQsbr"), ("bp", "RcuMb")])
def test_user_and_scheme_have_grace_periods_of_their_own(tmp_path, compiler, flavour, scheme):
    root = include_root(tmp_path / "include")
    program = tmp_path / "program"
    text = FLAVOURS[flavour] + RCU + GRACE_PERIODS
    built = compile_unit(compiler, text, f"-I{root}", f"-DSCHEME=getput::{scheme}<>", "-O1", "-pthread", "-o", str(program), *LIBURCU)
    assert built.returncode == 0, built.stderr
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(CLANG is None, reason="no clang here")
def test_threadsanitizer_sees_calls(tmp_path):
    """Under ThreadSanitizer the read side is a call, also in a unit whose _LGPL_SOURCE makes a macro of its name."""
    root = include_root(tmp_path)
    text = "#define _LGPL_SOURCE\n#include <urcu.h>\n" + RCU + "bool use(getput::RcuMemb<>& m) { return bool(m.try_get()); }\n"
    done = compile_unit(CLANG, text, f"-I{root}", "-O1", "-fsanitize=thread", "-S", "-o", "-")
    assert done.returncode == 0, done.stderr
    assert re.search(r"call\w*\s+urcu_memb_read_lock", done.stdout)
