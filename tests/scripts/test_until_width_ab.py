# SPDX-License-Identifier: MIT
"""Measuring on until intervals are narrow, and two binaries in one interleaved plan."""
import json
import signal

import pytest
from conftest import FAKE
from test_run import keys, planned, wait_for_lines

from getputlib.until_width import Width


def test_widths_are_nanoseconds_or_shares():
    assert Width.parse("1ns").limit(50.0) == 1.0 and Width.parse("2%").limit(-50.0) == 1.0


@pytest.mark.parametrize("text", ["wide", "0ns", "-1ns", "1", "1 s", "nan%"])
def test_a_width_that_is_none_is_a_bad_request(driver, text):
    assert "--until-width" in driver("run", "--smoke", f"--until-width={text}", code=2)[1]


def trials_of(driver):
    found = {}
    for cell, index in keys(driver.trials()):
        found.setdefault(cell, []).append(index)
    return found


def test_only_cells_that_are_too_wide_get_further_trials(driver):
    """Two percent of noise: 6 trials leave unload_lock (21 ns) wider than 0.2 ns, and plain (0.75 ns) narrow."""
    driver.run("--workload", "pairs", "--scheme", "unload_lock,plain", "--threads", "1", "--trials", "6", "--until-width", "0.2ns")
    counts = {cell.split("/")[1]: sorted(indices) for cell, indices in trials_of(driver).items()}
    assert counts["plain"] == list(range(6))
    assert len(counts["unload_lock"]) > 6 and counts["unload_lock"] == list(range(len(counts["unload_lock"])))
    assert sorted(keys(driver.trials())) == sorted(planned(driver))
    low, high = next((row["ci_low_ns"], row["ci_high_ns"]) for row in driver.summary() if row["scheme"] == "unload_lock")
    assert (high - low) / 2 <= 0.2
    pids = {trial["pid"] for trial in driver.trials() if trial["scheme"] == "unload_lock"}
    assert len(pids) == len(counts["unload_lock"]), "each further trial is measured by a process of its own"
    driver("validate", "out")


def test_what_stays_too_wide_is_said_and_is_exit_1(driver):
    _, err = driver("run", "--smoke", "--out", "out", "--workload", "netpath", "--scheme", "brlock", "--trials", "6",
                    "--until-width", "0.001ns", "--max-trials", "9", code=1)
    assert "cells are still wider than 0.001ns, for example netpath/brlock/" in err and "half-width" in err
    assert all(len(indices) == 9 for indices in trials_of(driver).values())


def test_a_resumed_run_knows_the_extended_plan_and_the_width(driver):
    driver.behave(slow_ms=15)
    child = driver.start("run", "--smoke", "--seed", "7", "--out", "out", "--workload", "pairs", "--scheme", "unload_lock", "--threads", "1",
                         "--trials", "6", "--until-width", "0.5%", "--max-trials", "14")
    wait_for_lines(driver.folder / "out" / "trials.jsonl", 8)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)
    assert child.returncode == 130 and len(planned(driver)) > 6
    driver("validate", "out")
    driver.behave()
    driver("run", "--resume", "out", code=1)
    assert [sorted(indices) for indices in trials_of(driver).values()] == [list(range(14))]
    driver("validate", "out")


def ab(driver, *arguments, code=0, first=FAKE, second=FAKE):
    return driver("ab", first, second, "--smoke", "--seed", "7", "--out", "both", "--no-settle", *arguments, code=code)


def other_binary(driver, **behaviour):
    """A second binary that behaves differently: the stand-in with its own behaviour file."""
    (driver.folder / "other.json").write_text(json.dumps(behaviour))
    path = driver.folder / "other-bench"
    path.write_text(f"#!/bin/sh\nGETPUT_FAKE={driver.folder}/other.json exec {FAKE} \"$@\"\n")
    path.chmod(0o755)
    return path


def test_processes_of_both_binaries_alternate_and_either_may_be_first(driver):
    ab(driver, "--workload", "pairs", "--scheme", "brlock,plain", "--trials", "10")
    began = {}
    for side in "ab":
        for trial in driver.trials(f"both/{side}"):
            began.setdefault((side, trial["pid"]), trial["start_unix_ns"])
    order = [side for side, _ in sorted(began, key=began.get)]
    pairs = [tuple(order[at:at + 2]) for at in range(0, len(order), 2)]
    assert len(order) == 20 and set(pairs) == {("a", "b"), ("b", "a")}
    assert planned(driver, "both/a") == planned(driver, "both/b")
    for side in "ab":
        driver("validate", f"both/{side}")


def test_a_slower_binary_is_found(driver):
    out, _ = ab(driver, "--workload", "pairs", "--scheme", "brlock,plain", "--trials", "10", "--fail-if-slower", code=1,
                second=other_binary(driver, scale={"brlock": 1.5}))
    assert "brlock" in out and "regressed" in out


def test_cells_of_one_binary_alone_are_left_out_and_said(driver):
    second = other_binary(driver, schemes=["none", "plain", "brlock"])
    _, err = ab(driver, "--workload", "pairs", "--trials", "6", "--scheme", "brlock,plain,percpu", second=second, code=2)
    assert "percpu" in err, "a scheme that only one binary has cannot be asked for"
    _, err = ab(driver, "--workload", "pairs", "--trials", "6", second=second)
    assert "cells are measured by binary A alone and are left out" in err
    assert {trial["scheme"] for trial in driver.trials("both/a")} == {"none", "plain", "brlock"}


@pytest.fixture(name="interrupted")
def fixture_interrupted(driver):
    """A pair that was interrupted after a few trials of the second side."""
    driver.behave(slow_ms=20)
    child = driver.start("ab", FAKE, FAKE, "--smoke", "--seed", "7", "--out", "both", "--workload", "pairs", "--scheme", "brlock,plain", "--no-settle",
                         "--trials", "8")
    wait_for_lines(driver.folder / "both" / "b" / "trials.jsonl", 5)
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 143 and "--resume both" in err
    driver.behave()
    return driver


def test_an_interrupted_pair_goes_on_as_a_pair(interrupted):
    assert {interrupted.document("manifest.json", f"both/{side}")["state"] for side in "ab"} == {"interrupted"}
    before = {side: keys(interrupted.trials(f"both/{side}")) for side in "ab"}
    out, _ = interrupted("ab", FAKE, FAKE, "--resume", "both", "--no-settle")
    assert "cells:" in out
    began = {}
    for side in "ab":
        trials = interrupted.trials(f"both/{side}")
        assert sorted(keys(trials)) == sorted(planned(interrupted, f"both/{side}")) and keys(trials)[:len(before[side])] == before[side]
        for trial in trials[len(before[side]):]:
            began.setdefault((side, trial["pid"]), trial["start_unix_ns"])
        interrupted("validate", f"both/{side}")
    order = [side for side, _ in sorted(began, key=began.get)]
    assert "aaa" not in "".join(order) and "bbb" not in "".join(order), "the sides still alternate"


def test_half_a_pair_is_not_resumed_alone(interrupted):
    _, err = interrupted("run", "--resume", "both/a", code=2)
    assert "one half of a pair" in err and "ab BIN_A BIN_B --resume" in err


def test_a_pair_is_resumed_with_its_own_binaries_and_folder(interrupted):
    other = other_binary(interrupted)
    assert "binary changed" in interrupted("ab", FAKE, other, "--resume", "both", "--no-settle", code=2)[1]
    assert "holds no pair" in interrupted("ab", FAKE, FAKE, "--resume", "both/a", code=2)[1]


def test_a_missing_binary_is_exit_3_and_leaves_no_folder(driver):
    _, err = ab(driver, second="/nowhere/getput-bench", code=3)
    assert "/nowhere/getput-bench" in err and not (driver.folder / "both").exists()
