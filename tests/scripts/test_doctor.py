# SPDX-License-Identifier: MIT
"""doctor: everything looked at, remedies for what is missing, exit 3 only when getput cannot be built or run."""
import json
import sys

import pytest

from getputlib import cgroup, dependencies, doctor, doctor_trust, environment, machine_lock
from getputlib.dependencies import TRUST, Check
from getputlib.sysfs_topology import parse_cpu_list

LOOKED_AT = {
    "cmake", "g++", "hwloc.h", "urcu/urcu-memb.h", "pcap/pcap.h", "scipy", "membarrier", "rseq", "cpuset", "cgroup quota",
    "governor", "turbo", "load", "steal", "transparent huge pages", "numa_balancing", "SMT", "ASLR",
    "virtualisation", "getput-bench", "throttling", "another run", "binary and checkout", "address space", "results folder",
    "LD_PRELOAD", "GLIBC_TUNABLES", "MALLOC_CONF", "swap", "KSM", "nmi_watchdog", "irqbalance", "isolated CPUs", "shellcheck",
    "relacy/relacy.hpp", "FileCheck-14", "qemu-system-aarch64", "cpio",
}


def test_everything_is_looked_at(driver):
    found = json.loads(driver("doctor", "--json")[0])
    assert LOOKED_AT <= {check["name"] for check in found["checks"]}
    assert all(check["remedy"] for check in found["checks"] if check["status"] != "ok")


def test_a_group_has_one_heading(driver):
    headings = [line for line in driver("doctor")[0].splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings[:3] == ["to measure:", "to trust what is measured:", "to develop:"]


def test_missing_pieces_name_their_packages(monkeypatch):
    monkeypatch.setattr(dependencies, "HEADERS", (("no/such.h", "libnosuch-dev"), ("vector", "g++")))
    monkeypatch.setattr(dependencies, "MODULES", (("no_such_module", "python3-nosuch"),))
    monkeypatch.setattr(dependencies, "TOOLS", (("no-such-tool", "nosuch", None, True), ("g++", "g++", (99,), True)))
    checks = {check.name: check for check in dependencies.checks()}
    assert checks["no/such.h"].status == checks["no_such_module"].status == checks["no-such-tool"].status == "fail"
    assert checks["vector"].status == "ok" and "older than 99" in checks["g++"].found
    line = doctor.apt_line(checks.values())
    assert line.startswith("apt-get install") and line.split()[4:] == ["g++", "libnosuch-dev", "nosuch", "python3-nosuch"]


def test_missing_optional_tools_do_not_fail(monkeypatch):
    monkeypatch.setattr(dependencies, "TOOLS", (("no-such-tool", "nosuch", None, False),))
    assert dependencies.checks()[0].status == "info"


def test_exit_3_when_something_needed_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(dependencies, "MODULES", (("no_such_module", "python3-nosuch"),))

    class Arguments:
        bench, json, for_paper = None, False, False

    assert doctor.command(Arguments) == 3
    assert "apt-get install -y --no-install-recommends python3-nosuch" in capsys.readouterr().out


def test_cpu_lists():
    assert parse_cpu_list("0-2,5,7-8") == [0, 1, 2, 5, 7, 8] and parse_cpu_list("") == [] and parse_cpu_list(None) == []
    assert environment.cpu_list([8, 0, 1, 2, 5, 7]) == "0-2,5,7-8" and environment.cpu_list([]) == ""


def test_the_environment_is_strict_json_and_has_the_allowed_cpus():
    import os

    record = json.loads(json.dumps(environment.machine(), allow_nan=False))
    assert record["allowed_cpus"] == sorted(os.sched_getaffinity(0))
    allowed = {entry["cpu"] for entry in record["topology"]["cpus"] if entry["allowed"]}
    assert allowed == set(record["allowed_cpus"])


def test_steal_is_a_share_of_the_run():
    ticks = [{"cpu_ticks": {"total": 1000, "steal": 10}}, {"cpu_ticks": {"total": 2000, "steal": 60}}]
    assert environment.steal_percent({"before": ticks[0], "after": ticks[1]}) == 5.0
    assert environment.steal_percent({"before": ticks[0], "after": None}) is None


def test_a_module_that_is_broken_is_told_with_its_file(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("raise RuntimeError('polluted')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(dependencies, "MODULES", (("broken_module", "python3-broken"),))
    check, = dependencies._module_checks()
    assert check.status == "fail" and "polluted" in check.found and str(tmp_path) in check.found and "PYTHONPATH" in check.remedy


def test_a_python_without_modules_that_the_system_has_is_told_to_use_that_one(tmp_path, monkeypatch):
    other = tmp_path / "python3"
    other.write_text(f"#!/bin/sh\nexec {sys.executable} -S \"$@\"\n")
    other.chmod(0o755)
    monkeypatch.setattr(dependencies.sys, "executable", str(other))
    checks = {check.name: check for check in dependencies._module_checks()}
    assert checks["scipy"].status == "fail" and "/usr/bin/python3" in checks["scipy"].remedy and checks["scipy"].package is None


def test_imported_modules_are_told_with_version_and_file():
    works, version, file = dependencies.imported(["numpy"])["numpy"]
    assert works and version[0].isdigit() and file.endswith("__init__.py")


@pytest.mark.parametrize("name, value, check", [
    ("LD_PRELOAD", "libx.so", "LD_PRELOAD"), ("MALLOC_CONF", "narenas:1", "MALLOC_CONF"), ("GLIBC_TUNABLES", "glibc.pthread.rseq=0", "GLIBC_TUNABLES"),
])
def test_variables_that_change_the_measurement_are_remarks(monkeypatch, name, value, check):
    monkeypatch.setenv(name, value)
    found = {entry.name: entry for entry in doctor_trust._variables()}[check]
    assert found.status == "warn" and value in found.found and f"unset {name}" in found.remedy


def test_the_quota_and_throttling_of_the_own_group_are_remarks(monkeypatch):
    monkeypatch.setattr(cgroup, "limits", lambda: {"quota_cpus": 0.5, "path": "/qa", "version": 1})
    monkeypatch.setattr(cgroup, "throttling", lambda: {"periods": 38, "ms": 2000.0})
    found = {check.name: check for check in doctor_trust._cpuset()}
    assert found["cgroup quota"].status == "warn" and "0.5 CPUs" in found["cgroup quota"].found and "/qa" in found["cgroup quota"].found
    assert found["throttling"].status == "warn" and "38 periods" in found["throttling"].found


def test_a_limited_address_space_is_a_remark(monkeypatch):
    monkeypatch.setattr(doctor.resource, "getrlimit", lambda _: (400_000 << 10, 400_000 << 10))
    assert doctor._limits().status == "warn" and "ulimit -v" in doctor._limits().remedy


def test_another_run_on_the_machine_is_a_remark(tmp_path, monkeypatch):
    monkeypatch.setenv(machine_lock.FOLDER_VARIABLE, str(tmp_path))
    assert doctor_trust._other_run().status == "ok" and not list(tmp_path.iterdir()), "doctor changes nothing"
    lock = machine_lock.acquire("/results/of/it")
    assert "/results/of/it" in doctor_trust._other_run().found
    lock.release()


@pytest.mark.parametrize("status, for_paper, code", [("warn", True, 1), ("warn", False, 0), ("ok", True, 0), ("fail", True, 3)])
def test_for_paper_any_noise_is_exit_1(monkeypatch, capsys, status, for_paper, code):
    import argparse

    monkeypatch.setattr(doctor, "all_checks", lambda bench: [Check(TRUST, "governor", status, "powersave", "remedy")])
    assert doctor.command(argparse.Namespace(bench=None, json=False, for_paper=for_paper)) == code
    assert ("not fit for a paper: governor" in capsys.readouterr().err) == (code == 1)
