# SPDX-License-Identifier: MIT
"""What a run is worth when it ends: exit codes, and one line that names the cause."""
import pytest
from conftest import page

from getputlib import progress, verdict
from getputlib.store import Ledger

LOAD = {"before": {"loadavg": [4.0, 1.0, 1.0]}, "after": {"loadavg": [2.0, 1.0, 1.0]}}
CELLS = ("pairs/a", "pairs/b")
PLAN = {"trials": [{"cell": cell, "trial": index} for index in range(6) for cell in CELLS], "run": {"promised": 6, "trials_per_cell": 6}}


def ledger(kept, rejected=0, wrong=()):
    """{cell: kept trials}, rejected attempts in all, and cells that the oracle convicted."""
    made = Ledger(40)
    line = {"workload": "pairs", "oracle": {"ok": True, "detail": None}}
    for cell, count in kept.items():
        for index in range(count):
            made.add({**line, "cell": cell, "trial": index, "valid": True, "reject_reasons": []})
    for index in range(rejected):
        made.add({**line, "cell": CELLS[0], "trial": 5, "valid": False, "reject_reasons": ["involuntary_switch"]})
    for cell in wrong:
        made.add({**line, "cell": cell, "trial": 0, "valid": True, "reject_reasons": [], "oracle": {"ok": False, "detail": "lost"}})
    return made


def judge(made, state="finished", crashed=()):
    code, lines = verdict.judge(PLAN, made, state, LOAD, 2, crashed)
    return code, " ".join(lines)


def test_a_kept_promise_is_0_and_says_nothing():
    assert judge(ledger({"pairs/a": 6, "pairs/b": 6}, 3)) == (0, "")


@pytest.mark.parametrize("state", ["finished", "cut"])
def test_a_cell_that_lacks_trials_is_1_with_the_cause(state):
    code, text = judge(ledger({"pairs/a": 5, "pairs/b": 6}, 20), state)
    assert code == 1
    assert "1 of 2 cells lack the promised 6 trials" in text and "20 of 31 attempts rejected: involuntary_switch 20; load 4.0 on 2 CPUs" in text
    assert ("cut at its deadline" in text) == (state == "cut")


def test_a_machine_that_lets_no_cell_be_measured_is_3():
    code, text = judge(ledger({"pairs/a": 1, "pairs/b": 2}, 80), "cut")
    assert code == 3 and "too busy" in text and "80 of 83 attempts rejected" in text


def test_a_cut_run_on_a_quiet_machine_is_1():
    assert judge(ledger({"pairs/a": 1, "pairs/b": 2}), "cut")[0] == 1


def test_most_attempts_lost_is_1_although_every_trial_was_kept():
    code, text = judge(ledger({"pairs/a": 6, "pairs/b": 6}, 13))
    assert code == 1 and "most attempts were lost" in text


def test_wrong_and_crashed_cells_are_told_by_themselves():
    assert judge(ledger({"pairs/a": 6}, wrong=["pairs/b"]))[0] == 0
    assert judge(ledger({"pairs/a": 6}), crashed={"pairs/b"})[0] == 0


def test_remarks_tell_of_rejections_load_and_throttling():
    load = {moment: {**snapshot, "throttled": {"periods": periods, "ms": 1.0}}
            for (moment, snapshot), periods in zip(LOAD.items(), (3, 12))}
    text = " ".join(verdict.remarks(ledger({"pairs/a": 6}, 6), load, 2, 0.5))
    assert "50 % of the attempts were rejected" in text and "load 4.0 on 2 CPUs" in text and "throttled this run in 9 periods (quota 0.5 CPUs)" in text
    quiet = {moment: {"loadavg": [0.1, 0, 0], "throttled": {"periods": 3, "ms": 1.0}} for moment in LOAD}
    assert not list(verdict.remarks(ledger({"pairs/a": 60}, 1), quiet, 2))


def test_two_busy_loops_end_a_run_with_a_clear_verdict(driver):
    """Disturbed as two busy loops on two CPUs disturb it: two of three attempts are rejected."""
    driver.behave(reject=0.998)
    _, err = driver("run", "--smoke", "--out", "out", "--workload", "pairs", code=3)
    assert "attempts rejected: involuntary_switch" in err and "lack the promised 6 trials" in err
    driver.behave(reject=0.66)
    _, err = driver("run", "--smoke", "--out", "b", "--workload", "pairs", "--seed", "7", code=1)
    assert "most attempts were lost" in err
    driver("report", "b")
    assert "of the attempts were rejected" in page(driver, "b")


def test_counts_of_every_workload_are_in_the_manifest(driver):
    driver.behave(reject=0.2)
    folder = driver.run("--workload", "pairs,removal")
    counts = driver.document("manifest.json", folder)["counts"]
    lines = driver.trials()
    for workload in ("pairs", "removal"):
        own = [line for line in lines if line["workload"] == workload]
        assert counts["workloads"][workload] == {
            "planned": counts["workloads"][workload]["planned"], "kept": sum(line["valid"] for line in own),
            "rejected_attempts": sum(not line["valid"] for line in own)}


def test_the_time_left_ends_at_the_deadline():
    assert progress.left_text(300.0, None, 0.0) == "5 min 00 s left"
    assert progress.left_text(30.0, 40.0, 0.0) == "30 s left"
    text = progress.left_text(600.0, 40.0, 0.0)
    assert text.startswith("40 s left, will be cut at ") and text.endswith(" UTC")
    assert progress.left_text(600.0, 40.0, 50.0).startswith("0 s left")
