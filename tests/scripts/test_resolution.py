# SPDX-License-Identifier: MIT
"""`getput resolution`: finds what is planted, imagines nothing, and fails on a bias even where noise widens its bounds."""
import json
import random
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from getputlib import netpath_check, resolution, targeted
from getputlib.errors import GetputError
from getputlib.results import Row

BENCH = Path(__file__).resolve().parent / "fake_slices.py"
SHORT = ("--runs", "1", "--trials", "6", "--seed", "4")


@pytest.fixture(name="resolve")
def fixture_resolve(driver):
    """Runs the command against the stand-in with time slices; returns (stdout, stderr)."""

    def run(*arguments, code=0, **behaviour):
        driver.behave(**behaviour)
        return driver("resolution", "--bench", BENCH, *SHORT, *arguments, code=code)

    return run


def test_sound_build_passes_and_shows_both_counts(resolve, driver):
    out, _ = resolve("--runs", "2", "--out", "kept")
    assert "planted +2 ns: found in 2 of 2 (at most 0 may be missed)" in out
    assert "planted +0 ns: found in 0 of 2" in out
    assert re.search(r"\+2 ns as (1\.9|2\.0)\d ns \+- 0\.\d+ \(n = 12\)", out)
    assert "L0 against L0 in each process: 12 of 12 within 0.6 ns of 0" in out
    assert out.endswith("resolution: passed\n")
    trials = driver.trials("kept/00-planted")
    assert len({trial["pid"] for trial in trials}) == 6
    assert driver.document("plan.json", "kept/00-planted")["planted_ns"] == 2.0
    assert {trial["difference"]["planted_ns"] for trial in driver.trials("kept/01-zero")} == {0.0}


def test_slices_ms_reaches_the_plan(resolve, driver):
    resolve("--slices-ms", "40", "--out", "kept")
    assert driver.document("plan.json", "kept/00-zero")["slices_ms"] == 40.0


def test_json_is_strict_and_complete(resolve):
    document = json.loads(resolve("--json")[0])
    assert document["schema"] == "getput.resolution/1" and document["verdict"] == "passed"
    assert document["planted"] == {"runs": 1, "told": 1, "found": 1, "missed_allowed": 0}
    assert document["zero"] == {"runs": 1, "found": 0, "found_allowed": 0}
    assert all(len(run["processes_ns"]) == 6 for run in document["runs"])


@pytest.mark.parametrize("widen", [(), ("--widen",)])
def test_planted_bias_fails(resolve, widen):
    """Level 0 against itself shows 1.5 ns: the short form of CI must fail as the long one does."""
    out, _ = resolve(*widen, bias_ns=1.5, code=1)
    assert "planted +0 ns: found in 1 of 1" in out and "resolution: failed" in out


def test_bias_fails_under_noise_that_the_run_tells_itself(resolve):
    resolve("--widen", bias_ns=3.0, spread_ns=0.5, error_ns=0.4, code=1)


@pytest.mark.parametrize("widen", [(), ("--widen",)])
def test_binary_that_spins_nothing_fails(resolve, widen):
    out, _ = resolve(*widen, deaf=True, code=1)
    assert "planted +2 ns: found in 0 of 1" in out


def test_noise_alone_cannot_tell(resolve):
    """A machine too noisy to see 2 ns is no fault of the build; without --widen the shift counts as missed."""
    out, _ = resolve("--widen", spread_ns=6.0, error_ns=6.0, code=4)
    assert "1 run too noisy to tell" in out and out.endswith("resolution: cannot tell\n")
    resolve(spread_ns=6.0, error_ns=6.0, code=1)


def test_machine_that_rejects_everything_cannot_tell(resolve):
    error = resolve("--widen", reject=1.0, code=4)[1]
    assert "cannot tell: 0 of 6 trials were kept (240 attempts rejected)" in error


@pytest.mark.parametrize("behaviour, said", [
    ({"no_slices": True}, "wrote no differences of time slices"),
    ({"forgetful": True}, "the binary planted 0 ns, not 2 ns"),
    ({"schemes": ["plain"]}, "no netpath cell of level 0"),
])
def test_binary_that_cannot_is_named(resolve, behaviour, said):
    error = resolve(code=3, **behaviour)[1]
    assert said in error and "Traceback" not in error


def test_wrong_cell_is_a_bad_result(resolve):
    assert "WRONG: references do not balance" in resolve(wrong=["none"], code=1)[1]


def test_too_few_processes_are_refused(resolve):
    assert "a run needs 6 processes" in resolve("--trials", "5", code=2)[1]


def test_allowed_exceptions_follow_the_binomial_bound():
    assert [resolution.exceptions_allowed(runs) for runs in (1, 3, 5, 6, 20, 40)] == [0, 0, 0, 1, 1, 2]


def simulated(chance, planted_ns, bias=0.0, spread=0.3, error=0.2, processes=8, widened=False):
    differences = tuple(bias + planted_ns + chance.gauss(0.0, spread) for _ in range(processes))
    return resolution.Run(planted_ns, differences, (error,) * processes, widened)


def verdicts(runs, times=200, **keywords):
    chance = random.Random(7)
    return [resolution.judge([simulated(chance, planted, **keywords) for _ in range(runs) for planted in (0.0, 2.0)], 2.0).verdict
            for _ in range(times)]


@pytest.mark.parametrize("runs", [3, 20])
def test_sound_builds_pass_in_a_simulation(runs):
    assert verdicts(runs).count("failed") <= 2


@pytest.mark.parametrize("runs", [3, 20])
def test_biased_builds_fail_in_a_simulation(runs):
    assert verdicts(runs, bias=1.0).count("failed") >= 198


def test_noisy_sound_builds_never_fail_more_often_than_the_risk():
    found = verdicts(3, spread=1.0, error=1.0, processes=6, widened=True)
    assert found.count("failed") <= 200 * resolution.RISK


def netpath_row(level, values, threads=1, scheme="plain", planted=0.0, **params):
    """A row of one trial per process, with these differences."""
    cell = {"name": f"netpath/{scheme}/{level}/{threads}", "workload": "netpath", "scheme": scheme, "possible": True, "why": None,
            "params": {"threads": threads, "level": level, **params}, "placement": {"policy": "compact", "pus": list(range(threads))}}
    kept = [{"pid": pid, "difference": {"ns": value, "se_ns": 0.1, "planted_ns": planted}} for pid, value in enumerate(values)]
    return Row(cell, kept=kept)


def check(*rows):
    return netpath_check.check(SimpleNamespace(rows=list(rows), directory=SimpleNamespace(path="run")))


QUIET = [0.1, -0.1, 0.2, -0.2, 0.0, 0.1, -0.1, 0.0]


def test_quiet_run_is_within_its_bounds():
    faults, remarks, counts = check(netpath_row("L0", QUIET, scheme="none"), netpath_row("L7", [9.0 + value for value in QUIET]))
    assert (faults, remarks) == ([], []) and counts == {"processes": 8, "cells": 1, "contended": 0, "other_work": 0}


def test_one_process_beyond_the_bound_is_a_fault():
    faults, _, _ = check(netpath_row("L0", [*QUIET, -0.7], scheme="none"))
    assert len(faults) == 1 and "-0.70 ns in one process" in faults[0]


def test_wide_interval_is_a_fault():
    faults, _, _ = check(netpath_row("L0", QUIET, scheme="none"), netpath_row("L7", [20.0 * value for value in QUIET]))
    assert len(faults) == 1 and "plain at L7, 1 worker: half-width 2." in faults[0]


def test_contended_scheme_is_not_bounded():
    alone, many = netpath_row("L7", [30.0 + value for value in QUIET]), netpath_row("L7", [400.0 + 50 * value for value in QUIET], 2)
    faults, _, counts = check(netpath_row("L0", QUIET, scheme="none"), alone, many)
    assert faults == [] and counts["contended"] == 1


def test_a_fault_names_its_path_and_other_work_is_not_bounded():
    wide = [20.0 * value for value in QUIET]
    path = {"era": "linux_2_6", "shape": "scalar", "free": "local"}
    faults, _, counts = check(netpath_row("L0", [*QUIET, 0.9], scheme="none", work="bare", **path), netpath_row("L7", wide, work="bare", **path),
                              netpath_row("L7", wide, work="kernel", **path))
    assert faults[0].startswith("L0 against L0, Linux 2.6, scalar, 1 worker: +0.90 ns")
    assert faults[1].startswith("plain at L7, Linux 2.6, scalar, 1 worker: half-width 2.") and len(faults) == 2 and counts["other_work"] == 1


def test_one_worker_of_another_era_is_no_measure_of_contention():
    alone = netpath_row("L7", [300.0 + value for value in QUIET], era="linux_6")
    many, other = (netpath_row("L7", [400.0 + 50 * value for value in QUIET], 2, era=era) for era in ("linux_6", "linux_2_6"))
    faults, _, counts = check(netpath_row("L0", QUIET, scheme="none"), alone, many, other)
    assert counts["contended"] == 0 and len(faults) == 2


def test_the_cell_is_level_0_of_the_path_that_figures_show():
    def cell(era, shape, tier=0):
        params = {"era": era, "shape": shape, "level": "L0", "threads": 1, "steering": "rss", "free": "local", "work": "bare"}
        return {"workload": "netpath", "scheme": "none", "params": params, "tier": tier, "name": f"{era}/{shape}"}

    listing = {"cells": [cell("linux_2_6", "scalar"), cell("linux_6", "scalar"), cell("linux_6", "staged", 1)]}
    assert targeted.find_cell(listing, "netpath", "none", level="L0", threads=1)["name"] == "linux_6/staged"


def test_too_few_processes_are_a_remark():
    faults, remarks, _ = check(netpath_row("L0", QUIET, scheme="none"), netpath_row("L7", [9.0, 9.1]))
    assert faults == [] and "2 processes of 6" in remarks[0]


def test_planted_run_and_run_without_level_0_are_refused():
    with pytest.raises(GetputError, match="planted shift"):
        check(netpath_row("L0", QUIET, scheme="none", planted=2.0))
    with pytest.raises(GetputError, match="no netpath trials of level 0"):
        check(netpath_row("L7", QUIET))


def test_check_run_reads_a_results_directory(resolve, driver):
    resolve("--out", "kept")
    out, _ = driver("resolution", "--check-run", "kept/00-zero")
    assert out.startswith("L0 against L0 in 6 processes") and "0 beyond their bounds" in out
    assert "planted shift" in driver("resolution", "--check-run", "kept/00-planted", code=2)[1]
    resolve("--out", "biased", bias_ns=1.5, code=1)
    assert json.loads(driver("resolution", "--check-run", "biased/00-zero", "--json", code=1)[0])["ok"] is False
