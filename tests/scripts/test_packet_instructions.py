# SPDX-License-Identifier: MIT
"""`getput instructions` over a stand-in of the binary and of valgrind, and the examination of level 0's code over a compiled one."""
import csv
import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from getputlib import callgrind, instructions, level0_code, packet_instructions
from getputlib.bench import Bench
from getputlib.targeted import find_cell

FAKE = Path(__file__).resolve().parent / "fake_replay.py"
def real_binary():
    path = Path(os.environ.get("GETPUT_BENCH", "/nowhere"))
    return path if path.is_file() and path.name.startswith("getput-bench") else None


PAIRS = {"none": (2, 1), "atomic_base": (11, 10), "percpu_split": (11, 12)}


@pytest.fixture(name="count")
def fixture_count(driver, monkeypatch):
    """Runs the command; returns (stdout, stderr). The stand-in is the binary and valgrind."""
    folder = driver.folder / "bin"
    folder.mkdir()
    for name in ("getput-bench", "valgrind"):
        (folder / name).symlink_to(FAKE)
    found = [{"name": name, "get": {"instructions": get, "calls": 0}, "put": {"instructions": put, "calls": 0}}
             for name, (get, put) in PAIRS.items()]
    (folder / instructions.FILE).write_text(json.dumps({"schema": instructions.SCHEMA, "schemes": found}))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def run(*arguments, code=0, **behaviour):
        driver.behave(**behaviour)
        return driver("instructions", "--bench", folder / "getput-bench", *arguments, code=code)

    return run


def rows(count, *arguments, **behaviour):
    document = json.loads(count("--json", *arguments, **behaviour)[0])
    assert document["schema"] == packet_instructions.SCHEMA
    return {(row["scheme"], row["level"]): row for row in document["cells"]}


def test_what_is_not_per_packet_cancels(count):
    found = rows(count, "--scheme", "none,atomic_base", added={"none": 3, "atomic_base": 20}, level0=612.5)
    level0, level7 = found["none", "L0"], found["atomic_base", "L7"]
    assert (level0["level0"], level0["added"], level0["added_per_get"], level0["method"]) == (612.5, 0.0, None, "counted")
    assert (level7["level0"], level7["added"], level7["added_per_get"], level7["pair"]) == (612.5, 100.0, 20.0, 21)


def test_a_bias_at_level_0_is_seen(count):
    assert rows(count, "--level", "L0", bias=0.25)["none", "L0"]["added"] == 0.25


@pytest.mark.parametrize("how, why", [("refused", "no rseq"), ("cpu_call", "sched_getcpu")])
def test_what_callgrind_does_not_execute_is_computed(count, how, why):
    row = rows(count, "--scheme", "percpu_split", "--level", "L7", added={"none": 3}, **{how: ["percpu_split"]})["percpu_split", "L7"]
    assert row["method"] == "computed" and why in row["why"]
    assert row["added"] == 5 * 3 + 5 * (23 - 3) and row["level0"] == 600.0


def test_without_a_pair_nothing_is_invented(count):
    row = rows(count, "--scheme", "^brlock$", "--level", "L7", refused=["brlock"])["brlock", "L7"]
    assert row["method"] is None and row["added"] is None


def test_table_and_csv_say_the_same(count):
    arguments = ("--scheme", "atomic_base,percpu_split", "--level", "L7")
    table, _ = count(*arguments, added={"atomic_base": 20}, refused=["percpu_split"])
    assert "atomic_base   L7" in table and "100.00" in table and "computed: under callgrind: not available here: no rseq" in table
    lines = list(csv.DictReader(io.StringIO(count(*arguments, "--format", "csv", added={"atomic_base": 20})[0])))
    assert {line["scheme"] for line in lines} == {"atomic_base", "percpu_split"} and lines[0]["cell"].startswith("netpath/")


def test_faults_are_told_in_one_line(count):
    assert "WRONG under callgrind: sk_buffs" in count("--level", "L0", code=1, unbalanced=True)[1]
    assert "callgrind left 3 windows of 4" in count("--level", "L0", code=3, windows=3)[1]
    assert "unknown level 'L9'" in count("--level", "L9", code=2)[1]


def test_without_valgrind_the_remedy_is_named(count, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    assert count("--level", "L0", code=3)[1] == (
        "getput: valgrind, which counts the instructions, is not installed: apt-get install valgrind\n")


@pytest.mark.skipif(real_binary() is None, reason="GETPUT_BENCH names no built binary")
def test_the_real_binary_replays_whole_passes_and_balances_its_books():
    bench = Bench(real_binary(), ["--getput_threads=1"])
    cell = find_cell(bench.list(), "netpath", "none", level="L7", threads=1)
    found = bench.ask(f"--getput_replay={cell['name']}", callgrind.SCHEMA)
    assert found["oracle"] == {"ok": True, "detail": None} and found["gets_per_packet"] > 4
    assert [window["arm"] for window in found["windows"]] == ["baseline", "subject"] * 2
    short, _, long, _ = (window["packets"] for window in found["windows"])
    assert long == 2 * short > 10000
    assert any(function.name == callgrind.WINDOW for function in level0_code.functions(bench.path))


LOOPS = """
#include "schemes/counter/sneaky.hpp"
namespace getput {
template <class M> struct None {};
template <class M> struct Atomic {};
template <class M> struct Other {};
namespace bench::netpath {
enum class UseRefs { none, each };
enum class PacketRefs { none, each };
struct Charge { bool object = false; bool device = false; UseRefs use = UseRefs::none; PacketRefs packet = PacketRefs::none; };
constexpr Charge kEach{false, false, UseRefs::none, PacketRefs::each};
int calls = 0;
[[gnu::noinline]] void helper() { calls = calls + 1; SNEAK; }
template <class S, Charge C, unsigned Copy> [[gnu::noinline]] void run_slice(int) { helper(); calls = calls + static_cast<int>(Copy); }
template void run_slice<None<int>, Charge{}, 0>(int);
template void run_slice<Other<int>, kEach, 0>(int);
SECOND
}
}
int main() { getput::bench::netpath::run_slice<getput::None<int>, getput::bench::netpath::Charge{}, 0>(1); }
"""


@pytest.mark.parametrize("second, sneak, schemes, traces", [
    ("", "", ["None"], []),
    ("", "sneaky_count()", ["None"], ["schemes/counter/sneaky.hpp"]),
    ("template void run_slice<Atomic<int>, Charge{}, 0>(int);", "", ["Atomic", "None"], []),
])
def test_counting_in_level_0_is_found(tmp_path, second, sneak, schemes, traces):
    header = tmp_path / "schemes/counter/sneaky.hpp"
    header.parent.mkdir(parents=True)
    header.write_text("#include <atomic>\ninline std::atomic<int> sneaky{0};\ninline void sneaky_count() { sneaky.fetch_add(1); }\n")
    (tmp_path / "loops.cpp").write_text(LOOPS.replace("SECOND", second).replace("SNEAK", sneak))
    subprocess.run(["g++", "-std=c++20", "-O2", "-g1", "-I", tmp_path, "-o", tmp_path / "loops", tmp_path / "loops.cpp"], check=True)
    found, code, places = level0_code.examine(tmp_path / "loops")
    assert found == schemes and sorted(places) == traces
    assert any("helper" in function.name for function in code)
