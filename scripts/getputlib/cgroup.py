# SPDX-License-Identifier: MIT
"""The CPU limits that control groups put on this process: quota and throttling, versions 1 and 2.

The own group is read from /proc/self/cgroup, and every group from there up to the root of the
mount counts: the tightest quota holds. Standard library only.
"""
import re
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc/self")


@dataclass(frozen=True)
class Group:
    """One hierarchy that can limit CPU time, and where this process is in it."""

    version: int
    mount: Path
    path: str  # below the mount, without slashes at the ends

    def folders(self):
        """The own group's folder and its parents, as far as they are visible here."""
        parts = [part for part in self.path.split("/") if part and part != ".."]
        for length in range(len(parts), -1, -1):
            folder = self.mount.joinpath(*parts[:length])
            if folder.is_dir():
                yield folder


def _text(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _unescaped(word):
    """A path of mountinfo, where a space is written as \\040."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), word)


def _mounts(proc):
    """{(version, has the cpu controller): (mount point, root of the mount)} of the mounted hierarchies."""
    found = {}
    for line in _text(proc / "mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        fields, kind = left.split(), right.split()
        if len(fields) < 5 or not kind:
            continue
        place = Path(_unescaped(fields[4])), _unescaped(fields[3])
        if kind[0] == "cgroup2":
            found.setdefault(2, place)
        elif kind[0] == "cgroup" and "cpu" in kind[-1].split(","):
            found.setdefault(1, place)
    return found


def groups(proc=PROC):
    """The hierarchies of this process that can limit its CPU time."""
    mounts, found = _mounts(proc), []
    for line in _text(proc / "cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        version = 2 if number == "0" and not controllers else 1 if "cpu" in controllers.split(",") else None
        if version in mounts:
            mount, root = mounts[version]
            below = path.removeprefix(root) if root != "/" and path.startswith(root) else path
            found.append(Group(version, mount, below.strip("/")))
    return found


def _quota(folder, version):
    """CPUs that this one group may use; None without a limit."""
    if version == 2:
        words = _text(folder / "cpu.max").split()
    else:
        words = [_text(folder / f"cpu.cfs_{name}_us").strip() for name in ("quota", "period")]
    if len(words) != 2 or not all(word.isdigit() for word in words) or int(words[1]) == 0:
        return None
    return int(words[0]) / int(words[1])


def _throttled(folder):
    """(periods in which this one group was throttled, milliseconds of it); None where it is not counted."""
    fields = dict(re.findall(r"^(\w+) (\d+)$", _text(folder / "cpu.stat"), re.M))
    if "nr_throttled" not in fields:
        return None
    spent = int(fields["throttled_usec"]) / 1e3 if "throttled_usec" in fields else int(fields.get("throttled_time", 0)) / 1e6
    return int(fields["nr_throttled"]), spent


def throttling(proc=PROC):
    """{"periods", "ms"} over the own group and its parents since each began; None where it is not counted."""
    counted = [found for group in groups(proc) for folder in group.folders() if (found := _throttled(folder))]
    if not counted:
        return None
    return {"periods": sum(periods for periods, _ in counted), "ms": sum(spent for _, spent in counted)}


def limits(proc=PROC):
    """The tightest quota between this process and the root, and the own group's path."""
    own = groups(proc)
    quotas = [quota for group in own for folder in group.folders() if (quota := _quota(folder, group.version)) is not None]
    return {"quota_cpus": min(quotas, default=None), "path": "/" + (own[0].path if own else ""),
            "version": own[0].version if own else None}
