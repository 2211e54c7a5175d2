# SPDX-License-Identifier: MIT
"""Signals that a batch system sends to every process of a job are an interruption; a crash stays a crash."""
import os
import signal
import time

import pytest
from test_run import keys, planned, wait_for_lines


def measuring_process(driver):
    """The number of the process that is measuring now."""
    return driver.trials()[-1]["pid"]


@pytest.mark.parametrize("gap_ms", [0, 50, 200])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_every_process_interrupts_and_no_cell_crashed(driver, number, gap_ms):
    driver.behave(slow_ms=20)
    child = driver.start("run", "--smoke", "--out", "out", "--workload", "pairs")
    wait_for_lines(driver.folder / "out" / "trials.jsonl", 5)
    os.kill(measuring_process(driver), number)
    time.sleep(gap_ms / 1000)
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    manifest = driver.document("manifest.json")
    assert (child.returncode, manifest["state"], manifest["crashes"]) == (128 + number, "interrupted", []), err


def test_a_process_that_alone_is_asked_to_end_is_run_again(driver):
    driver.behave(slow_ms=20)
    child = driver.start("run", "--smoke", "--out", "out", "--workload", "pairs", "--scheme", "brlock,plain")
    wait_for_lines(driver.folder / "out" / "trials.jsonl", 2)
    os.kill(measuring_process(driver), signal.SIGTERM)
    _, err = child.communicate(timeout=60)
    assert child.returncode == 0 and driver.document("manifest.json")["crashes"] == [], err
    assert sorted(keys(driver.trials())) == sorted(planned(driver))
    assert "tried again" in (driver.folder / "out" / "log.txt").read_text()


def test_a_scheme_that_ends_itself_by_such_a_signal_crashed(driver):
    driver.behave(crash={"pairs/brlock/threads:1": "SIGTERM"})
    driver.run("--workload", "pairs", "--scheme", "brlock,plain", code=1)
    assert [crash["detail"] for crash in driver.document("manifest.json")["crashes"]] == ["twice: SIGTERM"]


def test_a_segmentation_fault_is_a_crash_at_once(driver):
    driver.behave(crash={"pairs/brlock/threads:1": "SIGSEGV"})
    driver.run("--workload", "pairs", "--scheme", "brlock,plain", code=1)
    assert [crash["kind"] for crash in driver.document("manifest.json")["crashes"]] == ["crashed"]
    assert "tried again" not in (driver.folder / "out" / "log.txt").read_text()


def test_a_hang_is_tried_again_and_then_told_with_the_load(driver):
    driver.behave(crash={"pairs/brlock/threads:1": "hang"})
    _, err = driver("run", "--smoke", "--out", "out", "--workload", "pairs", "--scheme", "brlock,plain", "--timeout", "0.5", code=1)
    crash, = driver.document("manifest.json")["crashes"]
    assert crash["kind"] == "hung" and crash["detail"].startswith("twice: no sign of life for") and "load" in crash["detail"]
    assert "HUNG: pairs/brlock/threads:1" in err
