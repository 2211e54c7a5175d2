# SPDX-License-Identifier: MIT
"""--resume refuses whatever would mix two experiments in one directory."""
import json

import pytest


@pytest.fixture
def measured_before(driver):
    driver.finished_run("--workload", "pairs", "--scheme", "brlock,plain")
    return driver


def test_resume_of_a_finished_run_measures_nothing(measured_before):
    before = measured_before.trials()
    measured_before("run", "--resume", "out")
    assert measured_before.trials() == before


@pytest.mark.parametrize("option", [
    ("--scheme", "brlock"), ("--workload", "removal"), ("--threads", "1"), ("--place", "scatter"), ("--seed", "8"), ("--quick",),
    ("--trials", "50"),
])
def test_another_request_is_refused(measured_before, option):
    out, err = measured_before("run", "--resume", "out", *option, code=2)
    assert "goes on with the stored plan" in err


def test_the_same_request_is_accepted(measured_before):
    measured_before("run", "--resume", "out", "--smoke", "--workload", "pairs", "--scheme", "brlock,plain", "--seed", "7")


@pytest.mark.parametrize("change", ["binary", "machine", "kernel"])
def test_another_build_or_machine_is_refused_unless_forced(measured_before, change):
    path = measured_before.folder / "out" / "env.json"
    env = json.loads(path.read_text())
    if change == "binary":
        env["binary"]["sha256"] = "0" * 64
    elif change == "machine":
        env["machine"]["cpu"]["model"] = "another CPU"
    else:
        env["machine"]["kernel"]["release"] = "2.4.22"
    path.write_text(json.dumps(env))
    out, err = measured_before("run", "--resume", "out", code=2)
    assert f"{change} changed" in err and "--resume-anyway" in err
    measured_before("run", "--resume", "out", "--resume-anyway")
    assert any(change in remark for remark in measured_before.document("manifest.json")["remarks"])


def test_a_changed_capture_is_refused(driver):
    capture = driver.folder / "some.pcap"
    capture.write_bytes(b"one")
    driver("run", "--smoke", "--workload", "netpath", "--scheme", "plain", "--pcap", capture, "--out", "out")
    capture.write_bytes(b"two")
    out, err = driver("run", "--resume", "out", code=2)
    assert "some.pcap is gone or has changed" in err


def test_a_broken_line_in_the_middle_is_named(measured_before):
    path = measured_before.folder / "out" / "trials.jsonl"
    lines = path.read_text().splitlines()
    lines[2] = lines[2].replace('"ops"', '"opps"')
    path.write_text("\n".join(lines) + "\n")
    out, err = measured_before("run", "--resume", "out", code=1)
    assert "trials.jsonl line 3" in err


def test_a_whole_last_line_without_its_newline_is_kept(measured_before):
    path = measured_before.folder / "out" / "trials.jsonl"
    before = measured_before.trials()
    path.write_bytes(path.read_bytes()[:-1])
    measured_before("run", "--resume", "out")
    assert measured_before.trials() == before


def test_a_doubled_trial_is_refused(measured_before):
    path = measured_before.folder / "out" / "trials.jsonl"
    text = path.read_text()
    path.write_text(text + text.splitlines()[0] + "\n")
    out, err = measured_before("run", "--resume", "out", code=1)
    assert "already kept" in err
    out, err = measured_before("validate", "out", code=1)
    assert "already kept on line 1" in out


def test_retry_crashed_measures_the_cell_again(driver):
    driver.behave(crash={"pairs/brlock": "SIGSEGV"})
    driver.run("--workload", "pairs", "--scheme", "brlock,plain", code=1)
    driver.behave()
    driver("run", "--resume", "out", code=1)
    assert any(row["verdict"] == "CRASHED" for row in driver.summary(code=1))
    driver("run", "--resume", "out", "--retry-crashed")
    assert {row["verdict"] for row in driver.summary()} == {"OK"}


def test_resume_needs_a_results_directory(driver):
    assert "no such results directory" in driver("run", "--resume", "nowhere", code=2)[1]
    (driver.folder / "empty").mkdir()
    assert "no plan.json" in driver("run", "--resume", "empty", code=2)[1]


def test_a_used_directory_needs_resume(measured_before):
    out, err = measured_before("run", "--smoke", "--out", "out", code=2)
    assert "is not empty" in err and "--resume out" in err
