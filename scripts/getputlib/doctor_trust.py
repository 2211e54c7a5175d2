# SPDX-License-Identifier: MIT
"""The part of `getput doctor` about noise: what disturbs a measurement on this machine. Standard library only."""
import glob
import os
import time

from . import cgroup, environment, machine_lock
from .dependencies import TRUST, Check
from .sysfs_topology import parse_cpu_list
from .words import counted

SAMPLE_S = 0.5


def _frequency():
    facts = environment.frequency()
    governors = facts["governors"]
    if governors is None:
        yield Check(TRUST, "governor", "warn", "not visible here (virtual machine?)",
                    "set it on the host; ratios to the controls hold even where nanoseconds drift")
    elif governors == ["performance"]:
        yield Check(TRUST, "governor", "ok", "performance")
    else:
        yield Check(TRUST, "governor", "warn", ", ".join(governors), "cpupower frequency-set -g performance")
    if facts["turbo"] is None:
        yield Check(TRUST, "turbo", "warn", "not visible here", "set it on the host")
    elif facts["turbo"]:
        yield Check(TRUST, "turbo", "warn", "on", "echo 0 > /sys/devices/system/cpu/cpufreq/boost, or "
                    "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo")
    else:
        yield Check(TRUST, "turbo", "ok", "off")


def _cpuset():
    allowed = environment.allowed_cpus()
    online = parse_cpu_list(environment.read_text(environment.CPU / "online")) or allowed
    text = f"{environment.cpu_list(allowed)} allowed of {environment.cpu_list(online)}"
    if len(allowed) < 2:
        yield Check(TRUST, "cpuset", "warn", text, "allow two CPUs or more: contention cannot be measured on one")
    else:
        yield Check(TRUST, "cpuset", "ok", text)
    limits, throttled = cgroup.limits(), cgroup.throttling()
    quota = limits["quota_cpus"]
    if quota is not None:
        yield Check(TRUST, "cgroup quota", "warn", f"{quota:g} CPUs for {len(allowed)} allowed ones ({limits['path']})",
                    "raise cpu.max (version 1: cpu.cfs_quota_us): a throttled thread shows as rejected trials")
    else:
        yield Check(TRUST, "cgroup quota", "ok", f"none ({limits['path']})")
    if throttled and throttled["periods"]:
        yield Check(TRUST, "throttling", "warn", f"{throttled['periods']} periods, {throttled['ms']:.0f} ms so far",
                    "give this control group and its parents more CPU time")
    else:
        yield Check(TRUST, "throttling", "ok", "none so far" if throttled else "not counted here")


def _load():
    load, cpus = os.getloadavg()[0], len(environment.allowed_cpus())
    before = environment.cpu_ticks()
    time.sleep(SAMPLE_S)
    after = environment.cpu_ticks()
    total = max(after["total"] - before["total"], 1)
    busy = 1.0 - (after["idle"] - before["idle"]) / total
    text = f"{load:.2f} on {counted(cpus, 'CPU')}, {100 * busy:.0f} % busy now"
    if load > 0.25 * cpus or busy > 0.25:
        yield Check(TRUST, "load", "warn", text, "end what else runs; disturbed trials are rejected")
    else:
        yield Check(TRUST, "load", "ok", text)
    if after["steal"] is None:
        yield Check(TRUST, "steal", "warn", "not told by this kernel", "nothing to do here")
        return
    now = 100.0 * (after["steal"] - before["steal"]) / total
    boot = 100.0 * after["steal"] / max(after["total"], 1)
    text = f"{now:.1f} % now, {boot:.2f} % since boot"
    if now > 0.5 or boot > 0.5:
        yield Check(TRUST, "steal", "warn", text, "the host is shared: use a dedicated one")
    else:
        yield Check(TRUST, "steal", "ok", text)


def _memory():
    facts = environment.memory()
    thp = facts["transparent_hugepages"]
    yield Check(TRUST, "transparent huge pages", "warn" if thp == "always" else "ok", thp or "not told",
                "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" if thp == "always" else "")
    balancing = facts["numa_balancing"]
    yield Check(TRUST, "numa_balancing", "warn" if balancing else "ok", "on" if balancing else "off or absent",
                "sysctl kernel.numa_balancing=0" if balancing else "")


def _kernel():
    facts = environment.kernel()
    smt = facts["smt_active"]
    yield Check(TRUST, "SMT", "warn" if smt else "ok", {True: "active", False: "not active", None: "not told"}[smt],
                "choose a placement that uses one CPU a core" if smt else "")
    aslr = facts["aslr"]
    yield Check(TRUST, "ASLR", "ok", {0: "off", 1: "partial", 2: "full"}.get(aslr, "not told")
                + (": layouts vary between processes, and many processes are measured" if aslr else ""))
    clock = facts["clocksource"]
    good = clock in ("tsc", "arch_sys_counter", "kvm-clock")
    yield Check(TRUST, "clock source", "ok" if good else "warn", clock or "not told",
                "" if good else "boot with a stable TSC: reading this clock is slow")


def _virtualisation():
    facts = environment.virtualisation()
    inside = [f"{kind} {name}" for kind, name in facts.items() if name]
    if facts["hypervisor"]:
        return Check(TRUST, "virtualisation", "warn", ", ".join(inside),
                     "a result holds for this virtual machine; use bare metal for absolute nanoseconds")
    return Check(TRUST, "virtualisation", "ok", ", ".join(inside) or "none seen")


def _quiet_cpus():
    """Kernel settings that keep the CPUs for the measurement."""
    facts = environment.kernel()
    yield Check(TRUST, "isolated CPUs", "ok", facts["isolated_cpus"] or "none")
    yield Check(TRUST, "nohz_full", "ok", facts["nohz_full"] or "none: the timer tick interrupts every CPU")
    deep = _deepest_idle()
    if deep is not None:
        remedy = "" if deep <= 10 else "cpupower idle-set -D 10: waking up takes longer than a pair"
        yield Check(TRUST, "idle states", "ok" if deep <= 10 else "warn", f"up to {deep} us to wake up", remedy)


def _deepest_idle():
    """Microseconds that the deepest enabled idle state needs to wake up; None where the kernel does not tell."""
    states = (environment.CPU / "cpu0/cpuidle").glob("state*")
    found = [environment.read_int(state / "latency") for state in states if environment.read_int(state / "disable") == 0]
    return max((value for value in found if value is not None), default=None)


def _switch(name, path, quiet, remedy):
    """A kernel setting that should have one value; ok, too, where it does not exist."""
    value = environment.read_int(path)
    if value is None or value == quiet:
        return Check(TRUST, name, "ok", "not here" if value is None else "off")
    return Check(TRUST, name, "warn", f"on ({value})", remedy)


def _daemons():
    yield _switch("nmi_watchdog", "/proc/sys/kernel/nmi_watchdog", 0, "sysctl kernel.nmi_watchdog=0")
    yield _switch("KSM", "/sys/kernel/mm/ksm/run", 0, "echo 0 > /sys/kernel/mm/ksm/run")
    running = [name for name in (environment.read_text(path) for path in glob.glob("/proc/[0-9]*/comm")) if name == "irqbalance"]
    yield Check(TRUST, "irqbalance", "warn" if running else "ok", "running" if running else "not running",
                "systemctl stop irqbalance: it moves interrupts during a run" if running else "")
    lines = (environment.read_text("/proc/swaps") or "").splitlines()[1:]
    used = sum(int(line.split()[3]) for line in lines)
    yield Check(TRUST, "swap", "warn" if used else "ok", f"{used >> 10} MiB in use" if lines else "none",
                "free memory, then swapoff -a" if used else "")


def _clock():
    facts = environment.cpu_info()
    if facts["architecture"] != "x86_64":
        return
    flags = [name for name in ("constant_tsc", "nonstop_tsc", "tsc_reliable") if name in facts["flags"]]
    good = {"constant_tsc", "nonstop_tsc"} <= set(flags)
    yield Check(TRUST, "TSC", "ok" if good else "warn", ", ".join(flags) or "no reliable flags",
                "" if good else "another machine: time slices fall back to the system clock")


def _variables():
    chosen = {name: value for name, value in environment.preloads().items() if value and name != "LD_LIBRARY_PATH"}
    for name in ("LD_PRELOAD", "MALLOC_CONF", "GLIBC_TUNABLES", "GETPUT_PLUGIN_DIR"):
        if name in chosen:
            yield Check(TRUST, name, "warn", f"{name}={chosen[name]}", f"unset {name}: it changes what is measured")
        else:
            yield Check(TRUST, name, "ok", "not set")


def _other_run():
    other = machine_lock.holder()
    if other:
        return Check(TRUST, "another run", "warn", f"another getput run ({other}) is measuring", "wait for it")
    return Check(TRUST, "another run", "ok", "none")


def checks():
    """What can make a result of this machine less than it seems, each with its remedy."""
    return [*_cpuset(), *_frequency(), *_load(), *_memory(), *_kernel(), _virtualisation(), *_quiet_cpus(), *_daemons(),
            *_clock(), *_variables(), _other_run()]
