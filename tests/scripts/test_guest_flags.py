# SPDX-License-Identifier: MIT
"""The headers compile, with -I and without a warning, under the flags of other people's projects."""
import os
import re
import signal
import subprocess

import pytest
from guest import CLANG, GCC, compile_unit, headers, include_root, schemes, side_by_side

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wold-style-cast",
            "-Wcast-align", "-Wcast-qual", "-Wundef", "-Wredundant-decls", "-Wnon-virtual-dtor", "-Werror"]
GCC_WARNINGS = [*WARNINGS, "-Wnull-dereference", "-Wduplicated-cond", "-Wlogical-op"]
INTEL = ["-masm=intel", "-fvisibility=hidden", "-fvisibility-inlines-hidden"]
# name: compiler, standard, flags
FLAGS = {
    "g++ -fno-exceptions -fno-rtti": (GCC, "c++20", ["-fno-exceptions", "-fno-rtti", *GCC_WARNINGS]),
    "g++ -masm=intel": (GCC, "c++20", ["-O1", *INTEL]),
    "clang++ libc++": (CLANG, "c++2b", ["-stdlib=libc++", *WARNINGS]),
}
# GETPUT_ALL_FLAGS (scripts/test --flags) adds these.
MORE_FLAGS = {
    "g++ -O2": (GCC, "c++20", ["-O2", *GCC_WARNINGS]),
    "g++ c++23": (GCC, "c++23", ["-O1", *GCC_WARNINGS]),
    "g++ PIC, unsigned char": (GCC, "c++20", ["-O2", "-fPIC", "-funsigned-char", "-Wall", "-Wextra", "-Werror"]),
    "clang++ c++20": (CLANG, "c++20", ["-O1", *WARNINGS]),
    "clang++ c++2b -fno-exceptions -fno-rtti": (CLANG, "c++2b", ["-fno-exceptions", "-fno-rtti", *WARNINGS]),
    "clang++ -masm=intel": (CLANG, "c++20", ["-O1", *INTEL]),
    "clang++ libc++ -fno-exceptions": (CLANG, "c++20", ["-stdlib=libc++", "-fno-exceptions", "-fno-rtti", *WARNINGS]),
}
if os.environ.get("GETPUT_ALL_FLAGS"):
    FLAGS.update(MORE_FLAGS)
ALONE = FLAGS if os.environ.get("GETPUT_ALL_FLAGS") else ["g++ -fno-exceptions -fno-rtti"]


def missing(compiler, standard, flags):
    """Why a case cannot be tried here, or an empty text."""
    if compiler is None:
        return "no clang here"
    if compile_unit(compiler, "#include <atomic>\n", *flags, "-fsyntax-only", standard=standard).returncode:
        return f"{' '.join(flags)} does not work here"
    return ""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return include_root(tmp_path_factory.mktemp("include"))


def usable(header, flags):
    """Concurrency Kit's own assembly is written in one dialect."""
    return "-masm=intel" not in flags or not re.search(r"/ck_|concurrency_kit", header)


@pytest.mark.parametrize("case", FLAGS)
def test_every_scheme_is_instantiated(root, tmp_path, case):
    """One unit with all of them, in which every member function is compiled."""
    compiler, standard, flags = FLAGS[case]
    if why := missing(compiler, standard, flags):
        pytest.skip(why)
    text = "".join(f"#include <getput/{header}>\n" for header in headers() if usable(header, flags))
    text += "".join(f"template class getput::{name}<>;\n" for header, name in schemes() if usable(header, flags))
    done = compile_unit(compiler, text, f"-I{root}", *flags, "-c", "-o", str(tmp_path / "unit.o"), standard=standard)
    assert done.returncode == 0, done.stderr[:6000]
    assert done.stderr == ""


@pytest.mark.parametrize("case", ALONE)
def test_every_header_stands_alone(root, case):
    compiler, standard, flags = FLAGS[case]
    if why := missing(compiler, standard, flags):
        pytest.skip(why)

    def alone(header):
        done = compile_unit(compiler, f"#include <getput/{header}>\n", f"-I{root}", *flags, "-fsyntax-only", standard=standard)
        return "" if done.returncode == 0 else f"{header}: {done.stderr[:600]}"

    assert not [text for text in side_by_side(alone, headers()) if text]


PROGRAM = """
#include <getput/schemes/counter/atomic_base.hpp>
#include <getput/schemes/distributed/percpu_ref.hpp>
#include <getput/schemes/distributed/snzi.hpp>
#include <getput/schemes/distributed/thread_split.hpp>
#include <chrono>
#include <thread>
template <class S>
int wrong() {
  S module;
  auto ticket = module.try_get();
  if (!ticket || module.try_stop()) return 1;
  module.stop();
  getput::StopSource source;
  std::thread stopper([&] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); source.request_stop(); });
  module.wait_drained(source.get_token());
  stopper.join();
  if (module.drained() || module.try_get()) return 2;
  std::thread putter([&] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); module.put(ticket); });
  module.wait_drained({});
  putter.join();
  return module.drained() ? 0 : 3;
}
int main() {
  return wrong<getput::AtomicBase<>>() + 4 * wrong<getput::PercpuRef<>>() + 16 * wrong<getput::Snzi<>>() +
         64 * wrong<getput::ThreadSplit<>>();
}
"""


@pytest.mark.parametrize("case", FLAGS)
def test_program_runs(root, tmp_path, case):
    compiler, standard, flags = FLAGS[case]
    if why := missing(compiler, standard, flags):
        pytest.skip(why)
    program = tmp_path / "program"
    built = compile_unit(compiler, PROGRAM, f"-I{root}", *flags, "-pthread", "-o", str(program), standard=standard)
    assert built.returncode == 0, built.stderr[:3000]
    assert subprocess.run([program], check=False, timeout=60).returncode == 0


FAILURE = """
#include <getput/schemes/machine/slot_space.hpp>
int main() {
  getput::machine::SlotSpace one(1, "the region");
  one.take();
  one.take();
}
"""


def test_failure_without_exceptions_ends_the_program(root, tmp_path):
    program = tmp_path / "program"
    built = compile_unit(GCC, FAILURE, f"-I{root}", "-fno-exceptions", "-o", str(program))
    assert built.returncode == 0, built.stderr
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGABRT
    assert done.stderr.startswith("getput: the region is full: 1 objects are alive")
