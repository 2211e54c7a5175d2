# SPDX-License-Identifier: MIT
"""`getput doctor`: can this machine build getput, run it, and be trusted with a measurement?

Standard library only. Nothing is changed: the remedy is printed, the user decides.
"""
import ctypes
import json
import os
import platform
import sys

from . import dependencies, environment
from .bench import Bench
from .dependencies import Check
from .errors import EXIT_ENVIRONMENT, EXIT_OK, GetputError
from .sysfs_topology import parse_cpu_list
from .words import counted

MEMBARRIER_NUMBERS = {"x86_64": 324, "aarch64": 283}
PRIVATE_EXPEDITED, PRIVATE_EXPEDITED_RSEQ = 1 << 3, 1 << 7


def membarrier_commands():
    """The bit mask of membarrier(MEMBARRIER_CMD_QUERY); None where the call does not exist."""
    number = MEMBARRIER_NUMBERS.get(platform.machine())
    if number is None:
        return None
    mask = ctypes.CDLL(None, use_errno=True).syscall(number, 0, 0, 0)
    return mask if mask >= 0 else None


def rseq_size():
    """Bytes of the rseq area that the C library registered; 0: not registered; None: old libc."""
    try:
        return ctypes.c_uint.in_dll(ctypes.CDLL(None), "__rseq_size").value
    except ValueError:
        return None


def _membarrier():
    mask = membarrier_commands()
    if mask is None:
        return Check("kernel", "membarrier", "warn", "not available", "kernel 4.14 or newer, not filtered by seccomp; "
                     "the schemes that need it are reported as not available")
    if not mask & PRIVATE_EXPEDITED_RSEQ:
        return Check("kernel", "membarrier", "warn", f"commands {mask:#x}, without PRIVATE_EXPEDITED_RSEQ",
                     "kernel 5.10 or newer for the schemes that need it")
    return Check("kernel", "membarrier", "ok", f"commands {mask:#x}")


def _rseq():
    size = rseq_size()
    if size:
        return Check("kernel", "rseq", "ok", f"registered by the C library, {size} bytes")
    found = "the C library has no rseq" if size is None else "not registered by the C library"
    return Check("kernel", "rseq", "warn", found, "glibc 2.35 or newer, kernel 4.18 or newer, and no "
                 "GLIBC_TUNABLES=glibc.pthread.rseq=0; schemes that need it are reported as not available")


def _frequency():
    facts = environment.frequency()
    governors = facts["governors"]
    if governors is None:
        yield Check("noise", "governor", "warn", "not visible here (virtual machine?)",
                    "set it on the host; ratios to the controls hold even where nanoseconds drift")
    elif governors == ["performance"]:
        yield Check("noise", "governor", "ok", "performance")
    else:
        yield Check("noise", "governor", "warn", ", ".join(governors), "cpupower frequency-set -g performance")
    if facts["turbo"] is None:
        yield Check("noise", "turbo", "warn", "not visible here", "set it on the host")
    elif facts["turbo"]:
        yield Check("noise", "turbo", "warn", "on", "echo 0 > /sys/devices/system/cpu/cpufreq/boost, or "
                    "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo")
    else:
        yield Check("noise", "turbo", "ok", "off")


def _cpuset():
    allowed = environment.allowed_cpus()
    online = parse_cpu_list(environment.read_text(environment.CPU / "online")) or allowed
    text = f"{environment.cpu_list(allowed)} allowed of {environment.cpu_list(online)}"
    if len(allowed) < 2:
        yield Check("machine", "cpuset", "warn", text, "allow two CPUs or more: contention cannot be measured on one")
    else:
        yield Check("machine", "cpuset", "ok", text)
    quota = environment.cgroup()["quota_cpus"]
    if quota is not None and quota < len(allowed):
        yield Check("noise", "cgroup quota", "warn", f"{quota:g} CPUs for {len(allowed)} allowed ones",
                    "raise cpu.max: a throttled thread shows as rejected trials")
    else:
        yield Check("noise", "cgroup quota", "ok", "none" if quota is None else f"{quota:g} CPUs")


def _load():
    load, cpus = os.getloadavg()[0], len(environment.allowed_cpus())
    if load > 0.25 * cpus:
        yield Check("noise", "load", "warn", f"{load:.2f} on {counted(cpus, 'CPU')}", "end what else runs; disturbed trials are rejected")
    else:
        yield Check("noise", "load", "ok", f"{load:.2f} on {counted(cpus, 'CPU')}")
    ticks = environment.cpu_ticks()
    share = 100.0 * ticks["steal"] / ticks["total"] if ticks["steal"] and ticks["total"] else 0.0
    if ticks["steal"] is None:
        yield Check("noise", "steal", "warn", "not told by this kernel", "nothing to do here")
    elif share > 0.5:
        yield Check("noise", "steal", "warn", f"{share:.2f} % since boot", "the host is shared: use a dedicated one")
    else:
        yield Check("noise", "steal", "ok", f"{share:.2f} % since boot")


def _memory():
    facts = environment.memory()
    thp = facts["transparent_hugepages"]
    yield Check("noise", "transparent huge pages", "warn" if thp == "always" else "ok", thp or "not told",
                "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" if thp == "always" else "")
    balancing = facts["numa_balancing"]
    yield Check("noise", "numa_balancing", "warn" if balancing else "ok", "on" if balancing else "off or absent",
                "sysctl kernel.numa_balancing=0" if balancing else "")


def _kernel():
    facts = environment.kernel()
    smt = facts["smt_active"]
    yield Check("noise", "SMT", "warn" if smt else "ok", {True: "active", False: "not active", None: "not told"}[smt],
                "choose a placement that uses one CPU a core" if smt else "")
    paranoid = facts["perf_event_paranoid"]
    yield Check("machine", "perf_event_paranoid", "ok" if paranoid is not None and paranoid <= 2 else "warn",
                "not told" if paranoid is None else str(paranoid),
                "sysctl kernel.perf_event_paranoid=2" if paranoid is None or paranoid > 2 else "")
    aslr = facts["aslr"]
    yield Check("machine", "ASLR", "ok", {0: "off", 1: "partial", 2: "full"}.get(aslr, "not told")
                + (": layouts vary between processes, and many processes are measured" if aslr else ""))
    clock = facts["clocksource"]
    good = clock in ("tsc", "arch_sys_counter", "kvm-clock")
    yield Check("noise", "clock source", "ok" if good else "warn", clock or "not told",
                "" if good else "boot with a stable TSC: reading this clock is slow")


def _virtualisation():
    facts = environment.virtualisation()
    inside = [f"{kind} {name}" for kind, name in facts.items() if name]
    if facts["hypervisor"]:
        return Check("noise", "virtualisation", "warn", ", ".join(inside),
                     "a result holds for this virtual machine; use bare metal for absolute nanoseconds")
    return Check("noise", "virtualisation", "ok", ", ".join(inside) or "none seen")


def _binary(given):
    try:
        return Check("binary", "getput-bench", "ok", str(Bench.find(given).path))
    except GetputError as error:
        return Check("binary", "getput-bench", "warn", "not built yet", str(error))


def all_checks(bench=None):
    checks = [
        *dependencies.checks(), _membarrier(), _rseq(), *_cpuset(), *_frequency(), *_load(), *_memory(),
        *_kernel(), _virtualisation(), _binary(bench),
    ]
    groups = list(dict.fromkeys(check.group for check in checks))
    return sorted(checks, key=lambda check: groups.index(check.group))


def apt_line(checks):
    """One command for everything that is missing; empty when nothing is."""
    packages = sorted({check.package for check in checks if check.package and check.status == "fail"})
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}" if packages else ""


def _print(checks):
    marks = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}
    width = max(len(check.name) for check in checks)
    group = None
    for check in checks:
        if check.group != group:
            group = check.group
            print(f"{group}:")
        print(f"  {marks[check.status]} {check.name:<{width}}  {check.found}")
        if check.status != "ok" and check.remedy:
            print(f"       {'':<{width}}  -> {check.remedy}")
    failed = sum(check.status == "fail" for check in checks)
    warned = sum(check.status == "warn" for check in checks)
    print(f"\n{failed} missing, {warned} remarks, {len(checks)} things looked at.")
    if apt_line(checks):
        print(f"Install what is missing with:\n  {apt_line(checks)}")


def command(arguments):
    """Exit 3 when something that getput cannot do without is missing."""
    checks = all_checks(arguments.bench)
    failed = any(check.status == "fail" for check in checks)
    if arguments.json:
        json.dump(
            {"ok": not failed, "apt": apt_line(checks) or None, "checks": [vars(check) for check in checks]},
            sys.stdout, indent=1,
        )
        print()
    else:
        _print(checks)
    return EXIT_ENVIRONMENT if failed else EXIT_OK
