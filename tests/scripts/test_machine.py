# SPDX-License-Identifier: MIT
"""The machine around a run: one run at a time, a wait for calm, limits of control groups."""
import os
import signal
import stat
import tempfile

import pytest
from test_run import wait_for_lines

from getputlib import cgroup, machine_lock, settle
from getputlib.errors import GetputError


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv(machine_lock.FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_the_second_run_of_a_machine_is_refused_with_the_first_ones_name(place):
    first = machine_lock.acquire("/somewhere/first")
    with pytest.raises(GetputError) as error:
        machine_lock.acquire("/somewhere/second")
    assert error.value.exit_code == 3
    assert f"another getput run (pid {os.getpid()}, /somewhere/first) is measuring on this machine" in str(error.value)
    assert "--alongside" in str(error.value)
    assert "/somewhere/first" in machine_lock.acquire("/somewhere/second", alongside=True).other
    assert "/somewhere/first" in machine_lock.holder()
    first.release()
    assert machine_lock.holder() is None
    machine_lock.acquire("/somewhere/second").release()


def test_the_lock_is_for_every_user_whatever_the_umask(place):
    before = os.umask(0o077)
    try:
        machine_lock.acquire("x").release()
    finally:
        os.umask(before)
    assert stat.S_IMODE((place / machine_lock.NAME).stat().st_mode) == 0o666


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_lock_file_of_another_user_can_be_taken(monkeypatch):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o1777)
        monkeypatch.setenv(machine_lock.FOLDER_VARIABLE, folder)
        machine_lock.acquire("x").release()
        child = os.fork()
        if child == 0:
            os.setuid(65534)
            lock = machine_lock.acquire("y")
            os._exit(0 if lock.descriptor is not None and "y" in machine_lock.holder() else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.parametrize("spoil", ["missing", "symlink", "folder"])
def test_without_a_place_for_the_lock_a_run_goes_on_and_says_so(place, monkeypatch, capsys, spoil):
    if spoil == "missing":
        monkeypatch.setenv(machine_lock.FOLDER_VARIABLE, str(place / "nowhere"))
    elif spoil == "symlink":
        (place / machine_lock.NAME).symlink_to(place / "elsewhere")
    else:
        (place / machine_lock.NAME).mkdir()
    lock = machine_lock.acquire("x")
    assert lock.descriptor is None and lock.other is None
    err = capsys.readouterr().err
    assert "no machine-wide lock" in err and err.count("\n") == 1 and not (place / "elsewhere").exists()


def test_a_holders_name_cannot_send_control_characters(place):
    (place / machine_lock.NAME).write_bytes(b"pid 1\x1b[31m\xff")
    descriptor = os.open(place / machine_lock.NAME, os.O_RDONLY)
    assert "\x1b" not in machine_lock._holder(descriptor)
    os.close(descriptor)


def test_two_runs_at_once_and_alongside(driver):
    driver.behave(slow_ms=20)
    child = driver.start("run", "--smoke", "--out", "first", "--workload", "pairs")
    wait_for_lines(driver.folder / "first" / "trials.jsonl", 3)
    _, err = driver("run", "--smoke", "--out", "second", "--workload", "pairs", code=3)
    assert f"another getput run (pid {child.pid}, {driver.folder}/first)" in err
    driver.behave()
    driver("run", "--smoke", "--out", "third", "--workload", "pairs", "--scheme", "plain", "--alongside")
    assert any("at the same time as another getput run" in text for text in driver.document("manifest.json", "third")["remarks"])
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)


class Machine:
    """Time and samples that a test decides."""

    def __init__(self, samples):
        self.samples, self.now = iter(samples), 0.0

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds

    def wait(self, limit_s):
        return settle.wait(limit_s, lambda: next(self.samples), self.clock, self.sleep)


CALM, BUSY = settle.Sample(0.02, 0.0, 1e-3), settle.Sample(0.7, 0.0, 1e-3)


def test_a_calm_machine_is_watched_for_two_seconds():
    assert Machine([CALM] * 100).wait(20.0) == {"seconds": 2.0, "calm": True, "why": None}


def test_calm_is_counted_from_the_last_disturbance():
    found = Machine([BUSY] * 12 + [CALM] * 100).wait(20.0)
    assert found["calm"] and found["seconds"] == 5.0


@pytest.mark.parametrize("sample, words", [
    (BUSY, "CPUs 70 % busy"), (settle.Sample(0.0, 0.2, 1e-3), "20 % of the CPU time stolen"),
])
def test_a_machine_that_stays_busy_is_waited_for_no_longer_than_allowed(sample, words):
    found = Machine([sample] * 100).wait(20.0)
    assert not found["calm"] and found["seconds"] == 20.0 and words in found["why"]


def test_work_that_takes_longer_than_before_is_a_disturbance():
    slow = settle.Sample(0.0, 0.0, 2e-3)
    assert "100 % longer" in Machine([CALM] + [slow] * 100).wait(4.0)["why"]


def test_the_wait_is_recorded(driver):
    driver("run", "--smoke", "--out", "out", "--workload", "pairs", "--scheme", "plain", "--trials", "1", "--settle")
    settled = driver.document("manifest.json")["sessions"][0]["settled"]
    assert 2.0 <= settled["seconds"] <= 8.0 and settled["calm"] in (True, False)
    driver("run", "--smoke", "--out", "b", "--workload", "pairs", "--scheme", "plain", "--trials", "1", "--no-settle")
    assert driver.document("manifest.json", "b")["sessions"][0]["settled"] is None


def hierarchy(tmp_path, version, own, files):
    """A /proc/self and a mounted hierarchy whose group `own` and parents hold files."""
    mount, proc = tmp_path / "mount point", tmp_path / "proc"
    proc.mkdir()
    kind = "cgroup2 cgroup2 rw" if version == 2 else "cgroup cgroup rw,cpu,cpuacct"
    (proc / "mountinfo").write_text(f"32 31 0:29 / {str(mount).replace(' ', chr(92) + '040')} rw,relatime - {kind}\n")
    (proc / "cgroup").write_text(f"0::{own}\n" if version == 2 else f"4:memory:/m\n1:cpu,cpuacct:{own}\n0::/\n")
    for name, text in files.items():
        path = mount / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return proc


def test_the_quota_of_the_own_group_is_found_in_version_1(tmp_path):
    proc = hierarchy(tmp_path, 1, "/qa/inner", {
        "cpu.cfs_quota_us": "-1\n", "cpu.cfs_period_us": "100000\n", "qa/cpu.cfs_quota_us": "50000\n", "qa/cpu.cfs_period_us": "100000\n",
        "qa/cpu.stat": "nr_periods 39\nnr_throttled 38\nthrottled_time 2000000\n",
        "qa/inner/cpu.cfs_quota_us": "150000\n", "qa/inner/cpu.cfs_period_us": "100000\n"})
    assert cgroup.limits(proc) == {"quota_cpus": 0.5, "path": "/qa/inner", "version": 1}
    assert cgroup.throttling(proc) == {"periods": 38, "ms": 2.0}


def test_the_tightest_quota_up_to_the_root_holds_in_version_2(tmp_path):
    proc = hierarchy(tmp_path, 2, "/user/job", {
        "user/cpu.max": "150000 100000\n", "user/job/cpu.max": "max 100000\n",
        "user/job/cpu.stat": "usage_usec 5\nnr_periods 3\nnr_throttled 2\nthrottled_usec 700\n"})
    assert cgroup.limits(proc) == {"quota_cpus": 1.5, "path": "/user/job", "version": 2}
    assert cgroup.throttling(proc) == {"periods": 2, "ms": 0.7}


def test_no_group_is_no_limit(tmp_path):
    assert cgroup.limits(tmp_path) == {"quota_cpus": None, "path": "/", "version": None} and cgroup.throttling(tmp_path) is None
