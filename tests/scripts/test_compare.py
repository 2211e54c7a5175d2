# SPDX-License-Identifier: MIT
"""getput compare: it finds what is there, says when it cannot, and never exits 0 blind."""
import json
import subprocess
import time

import numpy
import pytest
from conftest import GETPUT
from getputlib.compare import IMPROVED, REGRESSED, SAME, UNDERPOWERED, Limits, compare
from made_runs import cell, load, packets, pairs, trial, write

SCHEMES = [f"scheme_{k:02}" for k in range(20)]


def a_run(seed, *, spread=0.06, scale=None, n=8, cells=6):
    """20 schemes with six cells each, whose values scatter as those of a shared machine do."""
    chance = numpy.random.default_rng(seed)
    lines = []
    for k, scheme in enumerate(SCHEMES):
        for objects in range(cells):
            lines += pairs(chance, scheme, (3.0 + k) * (scale or {}).get(scheme, 1.0), spread=spread, n=n, objects=objects)
    return lines


def copy(lines, scheme, factor):
    return [{**line, "ns_per_op": line["ns_per_op"] * (factor if line["scheme"] == scheme else 1.0)} for line in lines]


@pytest.fixture(name="two")
def fixture_two(driver):
    """write(a, b) and what `compare` then prints: (exit code, document)."""
    def run(a, b, *arguments, code=0, **keywords):
        write(driver.folder / "a", a, **keywords)
        write(driver.folder / "b", b, **keywords)
        return json.loads(driver("compare", "a", "b", "--json", *arguments, code=code)[0])

    return run


def verdicts(entries, *schemes):
    return {entry["verdict"] for entry in entries if not schemes or entry["scheme"] in schemes}


@pytest.mark.parametrize("n", [3, 5, 8])
def test_ten_times_slower_is_always_a_regression(two, n):
    lines = a_run(1, n=n)
    found = two(lines, copy(lines, "scheme_07", 10.0), "--fail-if-slower", code=1)
    assert verdicts(found["schemes"], "scheme_07") == verdicts(found["cells"], "scheme_07") == {REGRESSED}
    assert verdicts(entry for entry in found["cells"] if entry["scheme"] != "scheme_07") == {SAME}
    told = next(entry for entry in found["schemes"] if entry["scheme"] == "scheme_07")
    assert (told["cells"], told["slower"]) == (6, 6) and told["shift"] == pytest.approx(9.0)


def test_ten_percent_slower_never_exits_0(two):
    for spread, code in ((0.06, 1), (0.3, 4)):
        lines = a_run(1, spread=spread)
        found = two(lines, copy(lines, "scheme_07", 1.10), "--fail-if-slower", code=code)
        assert verdicts(found["schemes"], "scheme_07") == {REGRESSED if code == 1 else UNDERPOWERED}


@pytest.mark.parametrize("n", [3, 8])
def test_a_run_against_itself_is_the_same(two, n):
    lines = a_run(1, n=n, spread=0.3)
    found = two(lines, lines, "--fail-if-slower")
    assert verdicts(found["schemes"]) == verdicts(found["cells"]) == {SAME}


def test_two_runs_of_equal_schemes_claim_nothing(tmp_path):
    """Process luck that all cells of a process share must not turn into a claim about a scheme."""
    claims, chance = 0, numpy.random.default_rng(5)
    for number in range(30):
        runs = []
        for name in "ab":
            luck = chance.normal(0.0, 0.1, 8)
            lines = [{**line, "ns_per_op": line["ns_per_op"] * float(numpy.exp(luck[line["trial"]]))}
                     for line in pairs(chance, "one", 5.0, spread=0.02) + pairs(chance, "one", 7.0, spread=0.02, objects=64)]
            runs.append(load(tmp_path / f"{name}{number}", lines))
        schemes, cells = compare(*runs, None, Limits())
        claims += bool(verdicts([entry.record() for entry in schemes + cells]) & {REGRESSED, IMPROVED})
    assert claims <= 4


def test_a_real_difference_is_found_in_either_direction(two):
    slower = two(a_run(1, spread=0.02), a_run(2, spread=0.02, scale={"scheme_03": 1.2}), "--fail-if-slower", code=1)
    assert verdicts(slower["cells"], "scheme_03") == {REGRESSED}
    assert not verdicts(slower["schemes"], *(set(SCHEMES) - {"scheme_03"})) & {REGRESSED, IMPROVED}
    faster = two(a_run(1, spread=0.02), a_run(2, spread=0.02, scale={"scheme_03": 0.8}))
    assert verdicts(faster["cells"], "scheme_03") == {IMPROVED}


def test_quiet_equal_runs_exit_0_and_noisy_ones_4(two):
    two(a_run(1, spread=0.005), a_run(2, spread=0.005), "--fail-if-slower")
    two(a_run(1, spread=0.2), a_run(2, spread=0.2), "--fail-if-slower", code=4)


def test_what_a_packet_is_charged_is_compared_in_nanoseconds(two):
    def run(seed, added):
        chance = numpy.random.default_rng(seed)
        return packets(chance, "one", "L7", added) + packets(chance, "two", "L7", 8.0)

    found = two(run(1, 10.0), run(2, 14.0), "--fail-if-slower", code=1)
    by_scheme = {entry["scheme"]: entry for entry in found["cells"]}
    assert by_scheme["one"]["metric"] == "added" and by_scheme["one"]["verdict"] == REGRESSED
    assert by_scheme["one"]["shift"] == pytest.approx(4.0, abs=1.0) and by_scheme["two"]["verdict"] == SAME
    assert {entry["metric"] for entry in two(run(1, 10.0), run(2, 14.0), "--metric", "ns")["cells"]} == {"ns"}


def test_selection_narrows_what_is_judged(two):
    lines = a_run(1)
    found = two(lines, copy(lines, "scheme_07", 10.0), "--scheme", "scheme_0[1-3]", "--threads", "1", "--fail-if-slower")
    assert {entry["scheme"] for entry in found["cells"]} == {"scheme_01", "scheme_02", "scheme_03"}


def test_unknown_names_and_nothing_in_common_are_bad_requests(driver):
    chance = numpy.random.default_rng(1)
    write(driver.folder / "a", pairs(chance, "one", 3.0))
    write(driver.folder / "b", pairs(chance, "two", 3.0))
    assert "no selected cell" in driver("compare", "a", "b", code=2)[1]
    assert "unknown scheme 'three'" in driver("compare", "a", "a", "--scheme", "three", code=2)[1]


def test_a_cell_that_only_one_run_measured_is_no_success(two):
    chance = numpy.random.default_rng(1)
    lines = pairs(chance, "one", 3.0)
    two(lines + pairs(chance, "two", 4.0), lines, "--fail-if-slower", code=4)


def test_remarks_name_what_differs(driver):
    lines = a_run(1, cells=1)
    write(driver.folder / "a", lines)
    moved = [{**line, "controls": {**line["controls"], "plain_ns": 0.7}} for line in lines]
    write(driver.folder / "b", moved, profile="paper")
    path = driver.folder / "b" / "env.json"
    path.write_text(path.read_text().replace('"6.1"', '"6.2"'))
    out, err = driver("compare", "a", "b")
    assert "differ in kernel: 6.1 and 6.2" in err and "differ in profile: quick and paper" in err
    assert "the control plain moved from 0.500 to 0.700 ns" in err
    assert "corrected after Holm within each workload at 0.05 (cells: pairs 20)" in out
    assert "A and B are the same run" in driver("compare", "a", "a")[1]


def test_the_global_line_comes_first(driver):
    lines = a_run(1)
    write(driver.folder / "a", lines)
    write(driver.folder / "b", copy(lines, "scheme_07", 10.0))
    out = driver("compare", "a", "b")[0].splitlines()
    assert out[0].startswith("schemes: 1 regressed")
    assert out[1].startswith("regressed    pairs/scheme_07: 6 of 6 cells slower, geometric mean x10.0 [x")


def test_a_reader_that_goes_away_does_not_hide_a_regression(driver):
    lines = a_run(1)
    write(driver.folder / "a", lines)
    write(driver.folder / "b", copy(lines, "scheme_07", 10.0))
    done = subprocess.run(f"{GETPUT} compare a b --fail-if-slower | head -1; exit ${{PIPESTATUS[0]}}", shell=True, executable="/bin/bash",
                          capture_output=True, text=True, check=False, cwd=driver.folder)
    assert done.returncode == 1 and done.stdout.startswith("schemes:") and "Traceback" not in done.stderr


def test_a_wrong_scheme_in_b_exits_1(two):
    lines = a_run(1, cells=1)
    bad = [dict(line) for line in lines]
    bad[0]["oracle"] = {"ok": False, "detail": "references do not balance"}
    two(lines, bad, code=1)


def test_a_thousand_cells_take_less_than_five_seconds(tmp_path):
    chance, lines = numpy.random.default_rng(1), []
    for number in range(1000):
        of = cell("pairs", f"scheme_{number % 40:02}", objects=number)
        lines += [trial(of, index, float(chance.lognormal(1.0, 0.1))) for index in range(8)]
    runs = [load(tmp_path / name, lines) for name in "ab"]
    start = time.perf_counter()
    assert len(compare(*runs, None, Limits())[1]) == 1000
    assert time.perf_counter() - start < 5.0
