# SPDX-License-Identifier: MIT
"""doctor: everything looked at, remedies for what is missing, exit 3 only when getput cannot be built or run."""
import json

from getputlib import dependencies, doctor, environment
from getputlib.sysfs_topology import parse_cpu_list

LOOKED_AT = {
    "cmake", "g++", "hwloc.h", "urcu/urcu-memb.h", "pcap/pcap.h", "scipy", "membarrier", "rseq", "cpuset", "cgroup quota",
    "governor", "turbo", "load", "steal", "transparent huge pages", "numa_balancing", "SMT", "perf_event_paranoid", "ASLR",
    "virtualisation", "getput-bench",
}


def test_everything_is_looked_at(driver):
    found = json.loads(driver("doctor", "--json")[0])
    assert LOOKED_AT <= {check["name"] for check in found["checks"]}
    assert all(check["remedy"] for check in found["checks"] if check["status"] != "ok")


def test_a_group_has_one_heading(driver):
    headings = [line for line in driver("doctor")[0].splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert len(headings) == len(set(headings)) > 3


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
    assert dependencies.checks()[0].status == "warn"


def test_exit_3_when_something_needed_is_missing(monkeypatch, capsys):
    monkeypatch.setattr(dependencies, "MODULES", (("no_such_module", "python3-nosuch"),))

    class Arguments:
        bench, json = None, False

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
