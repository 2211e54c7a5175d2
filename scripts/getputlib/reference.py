# SPDX-License-Identifier: MIT
"""Reference runs: committed under reports/reference/<machine>/, with their trials compressed.

A reference is read like any results directory: trials.jsonl.xz stands for trials.jsonl. The values of
single time slices, which make up most of a run, are left out; every statistic follows from the rest.
"""
import contextlib
import json
import lzma
import re
import shutil
from pathlib import Path

from .errors import EXIT_BAD_RESULT, REPORTS, GetputError, bad_request
from .instructions import FILE as INSTRUCTIONS
from .store import ENV, MANIFEST, PACKED, PLAN, TRIALS, RunDirectory, disk_errors

FOLDER = REPORTS / "reference"
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]*")


def only():
    """The one committed reference run."""
    found = sorted(path.parent for path in FOLDER.glob(f"*/{PLAN}"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise bad_request(f"{FOLDER} must hold one run to choose it by itself, it holds {names}: name a directory")
    return found[0]


def pack(directory, name):
    """Writes a run as the reference `name` and returns its folder; one that is there already is replaced."""
    if not NAME.fullmatch(name):
        raise bad_request(f"--pack {name}: a name of lower-case letters, digits, '.', '_' and '-' is wanted, such as epyc-zen3-vm")
    source, target = RunDirectory.look(directory), FOLDER / name
    if target.resolve() == source.path.resolve():
        raise bad_request(f"{target} is packed already; name the run that replaces it")
    lines = [_without_slices(trial) for _, _, trial in source.trials()]
    if not lines:
        raise GetputError(f"{source.path} has no trials: nothing to commit", EXIT_BAD_RESULT)
    with disk_errors(target):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for document in (PLAN, MANIFEST, INSTRUCTIONS):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(source.file(document), target / document)
        environment = json.dumps(_without_folders(source.read_json(ENV)), indent=1, allow_nan=False)
        (target / ENV).write_text(environment + "\n", encoding="utf-8")
        (target / f"{TRIALS}{PACKED}").write_bytes(lzma.compress("".join(lines).encode("utf-8"), preset=9))
    return target


def _without_slices(trial):
    if trial.get("slices") is not None:
        trial = {**trial, "slices": None}
    return json.dumps(trial, allow_nan=False, separators=(",", ":")) + "\n"


def _without_folders(environment):
    """The environment record with file names in place of paths: the hashes identify the files, folders are the machine's own."""
    for file in filter(None, (environment.get("binary"), *(environment.get("plugins") or ()))):
        if file.get("path"):
            file["path"] = Path(file["path"]).name
    return environment


def named(path):
    """The path of a reference below the repository, for a link; a bad request for a run that is not committed there."""
    path = Path(path).resolve()
    if FOLDER.resolve() not in path.parents:
        raise bad_request(f"{path} is not below {FOLDER}: README shows a committed run; --pack NAME makes it one")
    return path.relative_to(REPORTS.parent.resolve()).as_posix()
