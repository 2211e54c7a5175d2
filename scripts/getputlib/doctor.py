# SPDX-License-Identifier: MIT
"""`getput doctor`: can this machine build getput, run it, and be trusted with a measurement?

Standard library only. Nothing is changed: the remedy is printed, the user decides.
"""
import ctypes
import json
import os
import platform
import resource
import shutil
import sys

from . import dependencies, doctor_trust, plugins, provenance
from .bench import Bench
from .dependencies import DEVELOP, MEASURE, TRUST, Check
from .errors import EXIT_BAD_RESULT, EXIT_ENVIRONMENT, EXIT_OK, REPORTS, GetputError, note

GROUPS = (MEASURE, TRUST, DEVELOP)
LEAST_FREE_MIB = 500
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
        return Check(MEASURE, "membarrier", "warn", "not available", "kernel 4.14 or newer, not filtered by seccomp; "
                     "the schemes that need it are reported as not available")
    if not mask & PRIVATE_EXPEDITED_RSEQ:
        return Check(MEASURE, "membarrier", "warn", f"commands {mask:#x}, without PRIVATE_EXPEDITED_RSEQ",
                     "kernel 5.10 or newer for the schemes that need it")
    return Check(MEASURE, "membarrier", "ok", f"commands {mask:#x}")


def _rseq():
    size = rseq_size()
    if size:
        return Check(MEASURE, "rseq", "ok", f"registered by the C library, {size} bytes")
    found = "the C library has no rseq" if size is None else "not registered by the C library"
    return Check(MEASURE, "rseq", "warn", found, "glibc 2.35 or newer, kernel 4.18 or newer, and no "
                 "GLIBC_TUNABLES=glibc.pthread.rseq=0; schemes that need it are reported as not available")


def _binary(given):
    try:
        bench = Bench.find(given)
    except GetputError as error:
        yield Check(MEASURE, "getput-bench", "warn", "not built yet", str(error))
        return
    yield Check(MEASURE, "getput-bench", "ok", str(bench.path))
    try:
        build = bench.environment().get("build")
    except GetputError as error:
        yield Check(MEASURE, "getput-bench runs", "warn", str(error), "rebuild it with scripts/run")
        return
    stale = provenance.stale(build, bench.path)
    yield Check(TRUST, "binary and checkout", "warn" if stale else "ok", stale or f"built from {provenance.commit_text(build)}",
                "rebuild it with scripts/run: reports name the binary's commit" if stale else "")
    found = plugins.plugins(bench.path)
    folder = plugins.plugin_folder(bench.path)
    yield Check(MEASURE, "modules", "ok" if len(found) == len(plugins.PLUGINS) else "warn",
                f"{len(found)} of {len(plugins.PLUGINS)} in {folder}" if folder else "no folder of modules beside the binary",
                "" if len(found) == len(plugins.PLUGINS) else "rebuild with scripts/run: netpath and hunts need them")


def _writable():
    """Can results be written, and is there room for a run of everything?"""
    folder = REPORTS / "runs"
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    if not os.access(existing, os.W_OK):
        return Check(MEASURE, "results folder", "warn", f"{existing} cannot be written", "name another place with --out DIR")
    free = shutil.disk_usage(existing).free >> 20
    enough = free >= LEAST_FREE_MIB
    return Check(MEASURE, "results folder", "ok" if enough else "warn", f"{folder}, {free} MiB free",
                 "" if enough else "free some, or name another place with --out DIR")


def _limits():
    """Address space: some schemes reserve much of it and are not available without."""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY:
        return Check(MEASURE, "address space", "ok", "unlimited")
    return Check(MEASURE, "address space", "warn", f"limited to {soft >> 20} MiB (RLIMIT_AS)",
                 "ulimit -v unlimited: percpu_ref and thread_split reserve address space")


def all_checks(bench=None):
    """Every check, in the order of the groups."""
    checks = [*dependencies.checks(), _membarrier(), _rseq(), _limits(), _writable(), *doctor_trust.checks(), *_binary(bench)]
    return sorted(checks, key=lambda check: GROUPS.index(check.group))


def apt_line(checks):
    """One command for everything that is missing; empty when nothing is."""
    packages = sorted({check.package for check in checks if check.package and check.status == "fail"})
    return f"apt-get install -y --no-install-recommends {' '.join(packages)}" if packages else ""


def _print(checks):
    marks = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL", "info": "-   "}
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
    absent = sum(check.status == "info" for check in checks)
    print(f"\n{failed} missing, {warned} remarks, {len(checks)} checks; {absent} tools of developers are absent.")
    if apt_line(checks):
        print(f"Install what is missing with:\n  {apt_line(checks)}")


def command(arguments):
    """Exit 3 when something that getput cannot do without is missing; with --for-paper 1 when anything is noisy."""
    checks = all_checks(arguments.bench)
    failed = any(check.status == "fail" for check in checks)
    noisy = [check for check in checks if check.group == TRUST and check.status != "ok"]
    if arguments.json:
        json.dump(
            {"ok": not failed, "apt": apt_line(checks) or None, "checks": [vars(check) for check in checks]},
            sys.stdout, indent=1,
        )
        print()
    else:
        _print(checks)
    if failed:
        return EXIT_ENVIRONMENT
    if arguments.for_paper and noisy:
        note(f"getput: not fit for a paper: {', '.join(check.name for check in noisy)}")
        return EXIT_BAD_RESULT
    return EXIT_OK
