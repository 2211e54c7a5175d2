# SPDX-License-Identifier: MIT
"""What a result came from: the commit of the binary, and whether that is the checkout's.

The commit of every report is the binary's own. The checkout of the driver may be another one; a
binary that is older than it is named as such. Standard library only.
"""
from pathlib import Path

from . import environment
from .errors import REPOSITORY

BUILT = ("bench", "schemes", "modules", "topology", "cmake", "CMakeLists.txt", "CMakePresets.json")


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


def stale(build, binary):
    """Why the binary does not belong to this checkout, in one line; None when it does, or nobody can tell."""
    head, commit = environment.git("rev-parse", "HEAD"), (build or {}).get("commit")
    if not head or not commit or not all(letter in "0123456789abcdef" for letter in commit):
        return None
    if not head.startswith(commit):
        return f"the binary was built from {commit[:12]}, the checkout is {head[:12]}"
    changed = _changed_after(Path(binary).stat().st_mtime)
    return f"{changed} was changed after the binary was built" if changed else None
