# SPDX-License-Identifier: MIT
"""What a result came from: the commit of the binary, and whether that is the checkout's.

The commit of every report is the binary's own. The checkout of the driver may be another one; a
binary that is older than it is named as such. Standard library only.
"""
from pathlib import Path

from . import environment
from .errors import REPOSITORY

BUILT = ("bench", "schemes", "modules", "topology", "cmake", "CMakeLists.txt", "CMakePresets.json")
STAMP = ".built"  # touched by scripts/lib/common.sh after every build, whether it linked anything or not


def commit_text(build):
    """The binary's commit as reports and folder names show it: 12 digits, `-dirty`, or `unknown`."""
    commit = (build or {}).get("commit")
    if not commit:
        return "unknown"
    return commit[:12] + ("-dirty" if build.get("dirty") else "")


def _changed_after(moment):
    """The first file that is built, differs from the commit, and was changed after a moment."""
    changed = environment.git("diff", "--name-only", "-z", "HEAD", "--", *BUILT)
    added = environment.git("ls-files", "--others", "--exclude-standard", "-z", "--", *BUILT)
    for name in filter(None, f"{changed or ''}\0{added or ''}".split("\0")):
        path = REPOSITORY / name
        if path.is_file() and path.stat().st_mtime > moment:
            return name
    return None


def other_commit(build):
    """One line when the binary was built from another commit than the checkout's; None when it was not, or when that is unknown."""
    head, commit = environment.git("rev-parse", "HEAD"), (build or {}).get("commit")
    if not head or not commit or not all(letter in "0123456789abcdef" for letter in commit) or head.startswith(commit):
        return None
    return f"the binary was built from {commit[:12]}, the checkout is {head[:12]}"


def built_at(binary):
    """When the binary was last known to be what the sources say: its own time, or that of the last build."""
    stamp = Path(binary).with_name(STAMP)
    return max(path.stat().st_mtime for path in (Path(binary), stamp) if path.is_file())


def stale(build, binary):
    """Why the binary does not belong to this checkout, in one line; None when it does, or when that is unknown."""
    if environment.git("rev-parse", "HEAD") is None or not (build or {}).get("commit") or build["commit"] == "unknown":
        return None
    if text := other_commit(build):
        return text
    changed = _changed_after(built_at(binary))
    return f"{changed} was changed after the binary was built" if changed else None
