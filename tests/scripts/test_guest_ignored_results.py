# SPDX-License-Identifier: MIT
"""The compiler warns where a result is ignored that must not be, for every scheme."""
import re

import pytest
from guest import COMPILERS, compile_unit, include_root, schemes

# What is ignored, by name. One function per scheme and statement; the warning names it.
IGNORED = {
    "try_get": "m.try_get();",
    "get": "m.get(t);",
    "try_stop": "m.try_stop();",
    "drained": "m.drained();",
    "guard": "getput::ThreadGuardFor<S>();",
    "session": "getput::SessionFor<S>{m};",
}
USED = """
  const getput::ThreadGuardFor<S> guard;
  const getput::SessionFor<S> session(m);
  auto held = m.try_get();
  m.put(m.get(held));
  m.put(held);
  if (m.try_stop() || m.drained()) m.restart();
  (void)guard; (void)session;
"""
WARNING = re.compile(r"^(\w+)[.](\w+):1:\d+: warning: .*(?:nodiscard|unused)", re.MULTILINE)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return include_root(tmp_path_factory.mktemp("include"))


def unit(statements):
    """For each scheme and statement a function on a line of a file of its own name."""
    text = "".join(f"#include <getput/{header}>\n" for header, _ in schemes())
    for _, scheme in schemes():
        for name, statement in statements.items():
            text += f'# 1 "{scheme}.{name}"\nvoid {scheme}_{name}(getput::{scheme}<>& m, const getput::{scheme}<>::Ticket& t) ' \
                    f"{{ using S = getput::{scheme}<>; (void)t; {statement} }}\n"
    return text


@pytest.mark.parametrize("compiler", COMPILERS)
def test_ignored_results_are_warned_of(root, compiler):
    done = compile_unit(compiler, unit(IGNORED), f"-I{root}", "-fsyntax-only")
    assert done.returncode == 0, done.stderr[:3000]
    warned = set(WARNING.findall(done.stderr))
    wanted = {(scheme, name) for _, scheme in schemes() for name in IGNORED}
    assert len(wanted) > 200
    assert wanted - warned == set(), "these are ignored without a warning"


def test_used_results_are_not(root):
    used = " ".join(USED.split())
    done = compile_unit(COMPILERS[0], unit({"all": used}), f"-I{root}", "-fsyntax-only", "-Wall", "-Wextra")
    assert done.returncode == 0, done.stderr[:3000]
    assert not done.stderr, done.stderr[:3000]
