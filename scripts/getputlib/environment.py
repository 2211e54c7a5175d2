# SPDX-License-Identifier: MIT
"""The environment record: what Python can read from /proc and /sys, merged with what the binary says.

Every reader returns None for what this machine does not tell, so the record never guesses.
Standard library only: `doctor` uses these readers before anything else is installed.
"""
import glob
import os
import platform
import re
import subprocess
import time
from pathlib import Path

from . import cgroup
from .bench import ENV_SCHEMA
from .errors import REPOSITORY
from .sysfs_topology import read_topology

CPU = Path("/sys/devices/system/cpu")


def read_text(path):
    """The stripped content of a small file; None when it is not there or not readable."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip().strip("\0") or None
    except OSError:
        return None


def read_int(path):
    text = read_text(path)
    try:
        return int(text)
    except (TypeError, ValueError):
        return None


def bracketed(path):
    """The chosen word of files like `always [madvise] never`."""
    text = read_text(path)
    match = re.search(r"\[([^\]]+)\]", text) if text else None
    return match.group(1) if match else text


def cpu_info():
    """Model and flags from the first block of /proc/cpuinfo, in the words of either architecture."""
    fields = {}
    for line in (read_text("/proc/cpuinfo") or "").split("\n\n")[0].splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    model = fields.get("model name") or fields.get("Model") or read_text("/proc/device-tree/model")
    part = " ".join(f"{k} {fields[k]}" for k in ("CPU implementer", "CPU part") if k in fields)
    return {
        "model": model or part or None,
        "vendor": fields.get("vendor_id"),
        "family_model_stepping": [fields.get(k) for k in ("cpu family", "model", "stepping")],
        "microcode": fields.get("microcode") or read_text(CPU / "cpu0/microcode/version"),
        "architecture": platform.machine(),
        "bugs": fields.get("bugs"),
        "hypervisor_flag": "hypervisor" in fields.get("flags", "").split(),
        "constant_tsc": "constant_tsc" in fields.get("flags", "").split(),
        "flags": [flag for flag in fields.get("flags", "").split() if "tsc" in flag],
    }


def frequency():
    base = CPU / "cpu0/cpufreq"
    no_turbo, boost = read_text(CPU / "intel_pstate/no_turbo"), read_text(CPU / "cpufreq/boost")
    turbo = {"0": True, "1": False}.get(no_turbo, {"1": True, "0": False}.get(boost))
    governors = sorted({t for p in glob.glob(str(CPU / "cpu*/cpufreq/scaling_governor")) if (t := read_text(p))})
    return {
        "governors": governors or None,
        "driver": read_text(base / "scaling_driver"),
        "energy_performance_preference": read_text(base / "energy_performance_preference"),
        "min_khz": read_int(base / "cpuinfo_min_freq"),
        "max_khz": read_int(base / "cpuinfo_max_freq"),
        "current_mhz": current_mhz(),
        "turbo": turbo,
    }


def current_mhz():
    found = re.findall(r"^cpu MHz\s*:\s*([0-9.]+)", read_text("/proc/cpuinfo") or "", re.M)
    return [float(value) for value in found] or None


def allowed_cpus():
    return sorted(os.sched_getaffinity(0))


def cpu_list(cpus):
    """[0,1,2,5] as `0-2,5`."""
    ranges = []
    for cpu in sorted(cpus):
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def memory():
    fields = dict(re.findall(r"^(\w+):\s+(\d+)", read_text("/proc/meminfo") or "", re.M))
    thp = "/sys/kernel/mm/transparent_hugepage/"
    return {
        "total_kib": int(fields["MemTotal"]) if "MemTotal" in fields else None,
        "available_kib": int(fields["MemAvailable"]) if "MemAvailable" in fields else None,
        "transparent_hugepages": bracketed(thp + "enabled"),
        "transparent_hugepages_defrag": bracketed(thp + "defrag"),
        "numa_balancing": read_int("/proc/sys/kernel/numa_balancing"),
        "page_size": os.sysconf("SC_PAGE_SIZE"),
    }


def vulnerabilities():
    base = Path("/sys/devices/system/cpu/vulnerabilities")
    try:
        return {entry.name: read_text(entry) for entry in sorted(base.iterdir())}
    except OSError:
        return None


def preempt_model():
    for word in ("PREEMPT_RT", "PREEMPT_DYNAMIC", "PREEMPT"):
        if word in platform.version():
            return bracketed("/sys/kernel/debug/sched/preempt") or word
    return None


def detect_virtualisation(kind):
    """What `systemd-detect-virt --vm` or `--container` says; None when it says none or is not there."""
    try:
        done = subprocess.run(
            ["systemd-detect-virt", kind], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.stdout.strip() not in ("", "none") else None


def virtualisation():
    """The virtual machine and the container around this process; None for what is not there."""
    machine_kind = detect_virtualisation("--vm") or read_text("/sys/hypervisor/type")
    if machine_kind is None and cpu_info()["hypervisor_flag"]:
        machine_kind = read_text("/sys/class/dmi/id/sys_vendor") or "unnamed hypervisor"
    container = detect_virtualisation("--container") or ("docker" if Path("/.dockerenv").exists() else None)
    return {"hypervisor": machine_kind, "container": container}


def kernel():
    return {
        "release": platform.release(),
        "version": platform.version(),
        "cmdline": read_text("/proc/cmdline"),
        "preempt": preempt_model(),
        "vulnerabilities": vulnerabilities(),
        "aslr": read_int("/proc/sys/kernel/randomize_va_space"),
        "perf_event_paranoid": read_int("/proc/sys/kernel/perf_event_paranoid"),
        "isolated_cpus": read_text(CPU / "isolated"),
        "nohz_full": (read_text(CPU / "nohz_full") or "").replace("(null)", "") or None,
        "clocksource": read_text("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "smt_active": {"1": True, "0": False}.get(read_text(CPU / "smt/active")),
    }


def cpu_ticks():
    """Cumulated ticks over all CPUs: all of them, idle (waiting for I/O included), stolen by the hypervisor."""
    match = re.match(r"cpu\s+(.*)", read_text("/proc/stat") or "")
    ticks = [int(word) for word in match.group(1).split()] if match else []
    return {"total": sum(ticks[:8]), "idle": sum(ticks[3:5]), "steal": ticks[7] if len(ticks) > 7 else None}


def temperatures():
    found = {}
    for zone in sorted(glob.glob("/sys/class/thermal/thermal_zone*")):
        value = read_int(zone + "/temp")
        if value is not None:
            found[f"{Path(zone).name}:{read_text(zone + '/type')}"] = value / 1000.0
    return found or None


def load_snapshot():
    """Load and steal at one moment; two of them bracket a run."""
    load = (read_text("/proc/loadavg") or "").split()
    return {
        "unix_s": time.time(),
        "loadavg": [float(word) for word in load[:3]] or None,
        "running": load[3] if len(load) > 3 else None,
        "cpu_ticks": cpu_ticks(),
        "throttled": cgroup.throttling(),
        "temperatures_c": temperatures(),
    }


def git(*arguments):
    command = ["git", "-c", f"safe.directory={REPOSITORY}", "-C", str(REPOSITORY), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def source():
    """Commit of the tree and whether it was changed; None outside a repository."""
    status = git("status", "--porcelain", "--untracked-files=no")
    return {"commit": git("rev-parse", "HEAD"), "dirty": None if status is None else bool(status)}


def preloads():
    """The variables that change how the binary behaves; None where one is not set."""
    names = ("LD_PRELOAD", "MALLOC_CONF", "GLIBC_TUNABLES", "LD_LIBRARY_PATH", "GETPUT_PLUGIN_DIR")
    return {name: os.environ.get(name) for name in names}


def environment_size():
    """How large the environment is: it shifts the first thread's stack."""
    return {"variables": len(os.environ), "bytes": sum(len(key) + len(value) + 2 for key, value in os.environb.items())}


def operating_system():
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME")
    except (OSError, AttributeError):
        return None


def machine():
    """Everything about the machine that does not change during a run."""
    return {
        "hostname": platform.node(),
        "os": operating_system(),
        "libc": " ".join(platform.libc_ver()).strip() or None,
        "cpu": cpu_info(),
        "frequency": frequency(),
        "allowed_cpus": allowed_cpus(),
        "cgroup": cgroup.limits(),
        "memory": memory(),
        "kernel": kernel(),
        "virtualisation": virtualisation(),
        "topology": read_topology(allowed_cpus()),
        "environment_variables": preloads(),
        "environment_size": environment_size(),
    }


def record(bench):
    """The document written to env.json: the binary's own statement, with the machine beside it.

    The commit of the results is the binary's, `build.commit`; `source` is the driver's checkout.
    """
    from . import plugins, provenance  # provenance reads git through this module

    said = bench.environment()
    return {
        **said,
        "schema": ENV_SCHEMA,
        "binary": {"path": str(bench.path), "sha256": bench.sha256()},
        "plugins": plugins.plugins(bench.path),
        "source": source(),
        "stale": provenance.stale(said.get("build"), bench.path),
        "machine": machine(),
        "load": {"before": load_snapshot(), "after": None},
    }


def steal_percent(load):
    """Percent of CPU time that the hypervisor took during the run; None when it cannot be said."""
    before, after = (load.get(k) for k in ("before", "after"))
    if not before or not after or before["cpu_ticks"]["steal"] is None or after["cpu_ticks"]["steal"] is None:
        return None
    total = after["cpu_ticks"]["total"] - before["cpu_ticks"]["total"]
    return 100.0 * (after["cpu_ticks"]["steal"] - before["cpu_ticks"]["steal"]) / total if total > 0 else None
