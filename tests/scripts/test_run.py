# SPDX-License-Identifier: MIT
"""A run: its plan, its order, what a crash costs, how it ends."""
import os
import signal
import time

import pytest


def keys(trials):
    return [(trial["cell"], trial["trial"]) for trial in trials if trial["valid"]]


def planned(driver, directory="out"):
    return [(entry["cell"], entry["trial"]) for entry in driver.document("plan.json", directory)["trials"]]


def test_every_planned_trial_is_kept_once_and_validates(driver):
    driver.run()
    assert sorted(keys(driver.trials())) == sorted(planned(driver))
    driver("validate", "out")
    manifest = driver.document("manifest.json")
    assert manifest["state"] == "finished" and manifest["crashes"] == []
    assert driver.document("env.json")["load"]["after"] is not None


def test_same_seed_same_order_other_seed_other_order(driver):
    orders = []
    for out, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        driver("run", "--smoke", "--workload", "pairs", "--seed", seed, "--out", out)
        orders.append(keys(driver.trials(out)))
    assert orders[0] == orders[1] != orders[2]


def test_schemes_and_processes_are_interleaved(driver):
    driver.run("--workload", "pairs")
    trials = driver.trials()
    processes = {}
    for trial in trials:
        processes.setdefault(trial["cell"], set()).add(trial["pid"])
    assert all(len(pids) >= 3 for pids in processes.values()), "each cell is visited by several processes"
    changes = sum(a["scheme"] != b["scheme"] for a, b in zip(trials, trials[1:]))
    assert changes > len(trials) / 2


@pytest.mark.parametrize("how, said", [("SIGSEGV", "SIGSEGV"), ("SIGABRT", "SIGABRT"), (7, "exit status 7")])
def test_a_crash_costs_one_cell(driver, how, said):
    victim = "pairs/percpu_ref/threads:2/object:shared/objects:1/hold_ns:0/put:same/state:live/place:compact"
    driver.behave(crash={victim: how})
    driver.run("--workload", "pairs", code=1)
    kept = set(keys(driver.trials()))
    assert kept == {key for key in planned(driver) if key[0] != victim}
    rows = {row["cell"]: row for row in driver.summary(code=1)}
    assert rows[victim]["verdict"] == "CRASHED" and said in rows[victim]["detail"]
    assert sum(row["verdict"] == "CRASHED" for row in rows.values()) == 1
    driver("validate", "out")


def test_a_hanging_cell_is_ended(driver):
    driver.behave(crash={"removal/brlock/threads:1": "hang"})
    driver.run("--workload", "removal", "--timeout", "1", code=1)
    crashes = driver.document("manifest.json")["crashes"]
    assert [crash["kind"] for crash in crashes] == ["hung"]


def test_a_killed_process_is_given_a_second_chance(driver):
    driver.behave(tear=10)
    driver.run("--workload", "pairs")
    assert sorted(keys(driver.trials())) == sorted(planned(driver))
    assert "cut a torn line" in (driver.folder / "out" / "log.txt").read_text()
    driver("validate", "out")


def test_rejected_attempts_are_counted_and_repeated(driver):
    driver.behave(reject=0.4)
    driver.run("--workload", "pairs")
    assert sorted(keys(driver.trials())) == sorted(planned(driver))
    rejected = sum(not trial["valid"] for trial in driver.trials())
    assert rejected > 0 and sum(row["trials_rejected"] for row in driver.summary()) == rejected


def test_nothing_but_rejections_is_no_valid_trials(driver):
    driver.behave(reject=1.0)
    driver.run("--workload", "pairs", "--scheme", "brlock", "--trials", "1", code=3)
    assert {row["verdict"] for row in driver.summary()} == {"NO VALID TRIALS"}


def test_wrong_safe_scheme_is_exit_1_and_named(driver):
    driver.behave(wrong=["percpu_split"])
    out, err = driver("run", "--smoke", "--workload", "pairs", "--out", "out", code=1)
    assert "WRONG: percpu_split: references do not balance" in err
    assert {row["verdict"] for row in driver.summary(code=1) if row["scheme"] == "percpu_split"} == {"WRONG"}


def test_wrong_control_does_not_fail_the_run(driver):
    driver.behave(wrong=["none"])
    driver.run("--workload", "pairs")
    assert {row["verdict"] for row in driver.summary() if row["scheme"] == "none"} == {"WRONG"}


def test_full_disk_is_exit_3_and_resumable(driver):
    driver.behave(full_at=10)
    out, err = driver("run", "--smoke", "--seed", "7", "--out", "out", "--workload", "pairs", code=3)
    assert "No space left" in err and "--resume out" in err
    driver.behave()
    driver("run", "--resume", "out")
    assert sorted(keys(driver.trials())) == sorted(planned(driver))


def test_unwritable_place_is_exit_3(driver):
    out, err = driver("run", "--smoke", "--out", "/proc/getput-results", code=3)
    assert "/proc/getput-results" in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_cleanly_and_resume_goes_on(driver, number):
    driver.behave(slow_ms=10)
    child = driver.start("run", "--smoke", "--seed", "7", "--out", "out", "--workload", "pairs")
    wait_for_lines(driver.folder / "out" / "trials.jsonl", 20)
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert child.returncode == 128 + number and "scripts/getput run --resume out" in err
    assert driver.document("manifest.json")["state"] == "interrupted"
    before = keys(driver.trials())
    driver.behave()
    driver("run", "--resume", "out")
    after = keys(driver.trials())
    assert after[:len(before)] == before and sorted(after) == sorted(planned(driver))


def wait_for_lines(path, count):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} never had {count} lines")


def test_kill_9_loses_and_repeats_nothing(driver):
    driver.behave(slow_ms=5)
    child = driver.start("run", "--smoke", "--seed", "7", "--out", "out")
    path = driver.folder / "out" / "trials.jsonl"
    wait_for_lines(path, 40)
    child.kill()
    child.communicate()
    time.sleep(0.5)  # the measuring process dies with the driver
    size = path.stat().st_size
    time.sleep(0.3)
    assert path.stat().st_size == size, "an orphan is still measuring"
    before = keys(driver.trials())
    with open(path, "ab") as stream:
        stream.write(b'{"schema":"getput.trial/1","cell":"pai')
    driver.behave()
    out, err = driver("run", "--resume", "out")
    assert "cut a torn last line" in err
    after = keys(driver.trials())
    assert after[:len(before)] == before and len(set(after)) == len(after)
    assert sorted(after) == sorted(planned(driver))
    driver("validate", "out")


def test_two_runs_do_not_share_a_directory(driver):
    driver.behave(slow_ms=20)
    child = driver.start("run", "--smoke", "--out", "out", "--workload", "pairs")
    wait_for_lines(driver.folder / "out" / "trials.jsonl", 3)
    out, err = driver("run", "--resume", "out", code=2)
    assert "being written by another run" in err
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)


def test_deadline_cuts_the_run_in_order(driver, monkeypatch):
    """The profile's time is a promise: what does not fit is left, said, and can be resumed."""
    import dataclasses

    from getputlib import commands, run_command, selection

    short = dataclasses.replace(selection.PROFILES["smoke"], deadline_s=1.5)
    monkeypatch.setitem(selection.PROFILES, "smoke", short)
    driver.behave(slow_ms=10)
    monkeypatch.setenv("GETPUT_BENCH", driver.environment()["GETPUT_BENCH"])
    monkeypatch.setenv("GETPUT_FAKE", str(driver.behaviour))
    out = str(driver.folder / "out")
    arguments = commands.make_parser().parse_args(["run", "--smoke", "--seed", "3", "--no-settle", "--out", out])
    began = time.monotonic()
    assert run_command.command(arguments) == 1
    assert time.monotonic() - began < 20
    assert driver.document("manifest.json")["state"] == "cut"
    assert 0 < len(driver.trials()) < len(planned(driver))
    monkeypatch.undo()
    driver.behave()
    driver("run", "--resume", "out")
    assert sorted(keys(driver.trials())) == sorted(planned(driver))


def test_default_directory_is_named_after_time_host_and_commit(driver):
    out, _ = driver("run", "--smoke", "--dry-run")
    assert f"-{os.uname().nodename}-" in out and "reports/runs/2" in out
