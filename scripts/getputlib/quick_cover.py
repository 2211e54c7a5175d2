# SPDX-License-Identifier: MIT
"""What `run --quick` has to hold of netpath, against the cells that the binary puts into that tier.

The tiers are the binary's. A scheme or level counts as able where a cell of it is possible in any tier.
"""
from . import setting
from .levels import ANSWER, BASELINE, Levels
from .selection import PROFILES

LEAST_SCHEMES = 10  # of each era and shape, at each level of the answer
EVERY_SCHEME = ("linux_6", "staged")  # the path on which quick measures all of them


def _cells(listing):
    """The possible netpath cells in an ordinary setting; none of a binary from before the eras."""
    return [cell for cell in listing["cells"] if cell["workload"] == "netpath" and cell["possible"] and "era" in cell["params"]
            and setting.ordinary(tuple(cell["params"].items()))]


def _schemes(cells, path, level, threads):
    return {cell["scheme"] for cell in cells if setting.path_of(cell["params"].items()) == path
            and cell["params"]["level"] == level and (threads is None or cell["params"]["threads"] == threads)}


def gaps(listing):
    """One line for each thing that quick lacks; nothing where it holds all."""
    able = _cells(listing)
    quick = [cell for cell in able if cell["tier"] <= PROFILES["quick"].tier]
    if not able:
        return
    paths = sorted({setting.path_of(cell["params"].items()) for cell in able}, key=setting.path_words)
    workers = sorted({cell["params"]["threads"] for cell in able})
    ends = sorted({workers[0], workers[-1]})
    for path in paths:
        yield from _path_gaps(able, quick, path, ends)
    for era in sorted({path[0] for path in paths}):
        yield from _era_gaps(quick, [path for path in paths if path[0] == era], ends)
    yield from _level_gaps(listing, quick)


def _workers(threads):
    return "1 worker" if threads == 1 else f"{threads} workers"


def _path_gaps(able, quick, path, ends):
    words = setting.path_words(path)
    for level in ANSWER:
        could, there = _schemes(able, path, level, None), _schemes(quick, path, level, None)
        if len(there) < min(LEAST_SCHEMES, len(could)):
            yield f"{words}, {level}: {len(there)} schemes, at least {min(LEAST_SCHEMES, len(could))}"
        if path == EVERY_SCHEME:
            for threads in ends:
                if missing := _schemes(able, path, level, threads) - _schemes(quick, path, level, threads):
                    yield f"{words}, {level}, {_workers(threads)}: without {', '.join(sorted(missing))}"
    for threads in ends:
        measured = threads == ends[0] or any(_schemes(quick, path, level, threads) for level in ANSWER)
        if measured and not _schemes(quick, path, BASELINE, threads):
            yield f"{words}: {BASELINE} against {BASELINE} with {_workers(threads)} is missing"


def _era_gaps(quick, paths, ends):
    """With all workers one shape of an era is enough."""
    for level in ANSWER:
        for threads in ends:
            if not any(_schemes(quick, path, level, threads) for path in paths):
                yield f"{setting.path_words(paths[0])}, {level}: no scheme with {_workers(threads)}"


def _level_gaps(listing, quick):
    """Levels of any setting count: under the socket lock, freed by another worker, are settings of their own."""
    possible = [cell for cell in listing["cells"] if cell["workload"] == "netpath" and cell["possible"]]
    there = {cell["params"]["level"] for cell in possible if cell["tier"] <= PROFILES["quick"].tier}
    for level in sorted({cell["params"]["level"] for cell in possible} - there, key=Levels(listing["workloads"]).key):
        yield f"no scheme at {Levels(listing['workloads']).name(level)}"
