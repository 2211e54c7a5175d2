# SPDX-License-Identifier: MIT
"""A results directory: written so that whatever ends the program, finished trials stay valid.

trials.jsonl is appended to by the binary, one write(2) a line. Everything else is replaced by
rename, so a reader sees the old document or the new one. A lock, which the running binary
inherits, keeps two runs out of one directory even when the driver of the first was killed.
"""
import contextlib
import errno
import fcntl
import io
import json
import lzma
import os
import time
from collections import Counter
from pathlib import Path

from . import files
from .bench import strict_loads
from .errors import EXIT_BAD_RESULT, GetputError, bad_request, environment_error

TRIALS, PLAN, ENV, MANIFEST, LOG = "trials.jsonl", "plan.json", "env.json", "manifest.json", "log.txt"
PACKED = ".xz"  # how the trials of a committed reference run are compressed
MANIFEST_SCHEMA = "getput.manifest/1"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def disk_errors(path):
    """Turns failing writes into one line that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise environment_error(f"no space left while writing {path}: free some, then try again; what is measured is kept, and a run goes on with --resume")
        raise environment_error(f"cannot write {error.filename or path}: {error.strerror}")


class RunDirectory:
    """One run on disk. `create` and `reopen` take the lock; `look` only reads."""

    def __init__(self, path):
        self.path = Path(path)
        self.lock_fd = None

    @staticmethod
    def refuse_used(path):
        """A new run wants a directory that is not there yet, or is empty."""
        path = Path(path)
        if path.exists() and not path.is_dir():
            raise bad_request(f"{path} is not a directory; name another one with --out")
        if path.is_dir() and any(path.iterdir()):
            known = (path / PLAN).exists()
            remedy = f"go on with --resume {path}, or name another directory" if known else "name another one"
            raise bad_request(f"{path} is not empty: {remedy} with --out")

    @classmethod
    def create(cls, path):
        self = cls(path)
        cls.refuse_used(path)
        with disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        self._lock()
        return self

    @classmethod
    def reopen(cls, path):
        self = cls.look(path)
        self._lock()
        return self

    @classmethod
    def look(cls, path):
        self = cls(path)
        if not self.path.is_dir():
            raise bad_request(f"no such results directory: {path}")
        if not (self.path / PLAN).is_file():
            raise bad_request(f"{path} has no {PLAN}: it is not a results directory of `getput run`")
        return self

    def _lock(self):
        with disk_errors(self.path):
            self.lock_fd = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise bad_request(f"{self.path} is being written by another run; wait for it, or end it")

    def close(self):
        """Gives the lock back."""
        if self.lock_fd is not None:
            os.close(self.lock_fd)
            self.lock_fd = None

    def file(self, name):
        return self.path / name

    def read_json(self, name):
        try:
            document = strict_loads(self.file(name).read_text(encoding="utf-8"))
            if not isinstance(document, dict) or "schema" not in document:
                raise ValueError("it is no document of getput")
            return document
        except FileNotFoundError:
            raise bad_request(f"{self.path} has no {name}; the run was ended before it began, or it was removed")
        except (ValueError, OSError) as error:
            raise GetputError(f"{self.file(name)} cannot be read: {error}", EXIT_BAD_RESULT)

    def write_json(self, name, document):
        """Replaces a document; after a crash either the old or the new one is there, whole."""
        self.write_text(name, json.dumps(document, indent=1, allow_nan=False) + "\n")

    def write_text(self, name, text):
        with disk_errors(self.file(name)):
            files.replace(self.file(name), text.encode("utf-8"))

    def log(self, text):
        with disk_errors(self.file(LOG)), open(self.file(LOG), "a", encoding="utf-8") as stream:
            stream.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")

    def repair_tail(self):
        """Makes trials.jsonl end with a whole line again; returns the number of bytes cut off.

        A last line without its newline is completed when it is a whole trial, else removed: it
        was being written when the machine or the disk gave up, so that trial never finished.
        """
        path = self.file(TRIALS)
        if not path.exists():
            return 0
        with disk_errors(path), open(path, "r+b") as stream:
            content = stream.read()
            whole = content.rfind(b"\n") + 1
            if whole == len(content):
                return 0
            if _is_trial(content[whole:]):
                stream.write(b"\n")
                return 0
            stream.truncate(whole)
            os.fsync(stream.fileno())
            return len(content) - whole

    def trials_size(self):
        path = self.file(TRIALS)
        return path.stat().st_size if path.exists() else 0

    def has_trials(self):
        return self.file(TRIALS).exists() or self.file(TRIALS + PACKED).exists()

    def trials(self, start=0):
        """Yields (line number from there, end offset, trial) of every whole line from a byte offset on."""
        path = self.file(TRIALS)
        if not self.has_trials():
            return
        with open_trials(path) as stream:
            stream.seek(start)
            for number, line in enumerate(stream, 1):
                if not line.endswith(b"\n"):
                    return
                start += len(line)
                try:
                    trial = strict_loads(line.decode("utf-8"))
                    if not isinstance(trial, dict):
                        raise ValueError("not an object")
                except ValueError as error:
                    raise GetputError(f"{path}:{number}: not strict JSON ({error}); see `getput validate`",
                                      EXIT_BAD_RESULT)
                yield number, start, trial


def open_trials(path):
    """The lines of trials.jsonl, or of the compressed ones of a reference run; a GetputError when those are damaged."""
    if path.exists():
        return open(path, "rb")
    packed = path.with_name(path.name + PACKED)
    try:
        return io.BytesIO(lzma.decompress(packed.read_bytes()))
    except (lzma.LZMAError, EOFError, OSError) as error:
        raise GetputError(f"{packed} cannot be read: {error}; restore it from its repository", EXIT_BAD_RESULT)


def _is_trial(line):
    try:
        return isinstance(strict_loads(line.decode("utf-8")), dict)
    except ValueError:
        return False


def new_manifest(arguments):
    return {
        "schema": MANIFEST_SCHEMA, "state": "planned", "sessions": [], "crashes": [], "remarks": [],
        "arguments": arguments, "counts": None, "hunts": [],
    }


class Ledger:
    """Which trials of a plan are finished: by a kept line, by the oracle's word, or by too many rejected attempts."""

    def __init__(self, max_attempts):
        self.max_attempts = max_attempts
        self.kept, self.convicted, self.rejected, self.wrong = set(), set(), {}, {}
        self.reasons, self.lines = Counter(), {}

    def add(self, trial):
        key = (trial["cell"], trial["trial"])
        lines = self.lines.setdefault(trial["workload"], {"kept": 0, "rejected_attempts": 0})
        if trial["valid"]:
            self.kept.add(key)
            lines["kept"] += 1
        else:
            self.rejected[key] = self.rejected.get(key, 0) + 1
            self.reasons.update(trial["reject_reasons"])
            lines["rejected_attempts"] += 1
        if not trial["oracle"]["ok"]:
            self.convicted.add(key)
            self.wrong.setdefault(trial["cell"], trial["oracle"]["detail"])
        return key

    def finished(self, key):
        return key in self.kept or key in self.convicted or self.rejected.get(key, 0) >= self.max_attempts

    def attempts(self):
        """(kept, rejected) attempts over all workloads."""
        return (sum(lines[name] for lines in self.lines.values()) for name in ("kept", "rejected_attempts"))

    def counts(self, plan):
        """What the manifest says about the lines of trials.jsonl."""
        planned = Counter(entry["cell"].partition("/")[0] for entry in plan["trials"])
        none = {"kept": 0, "rejected_attempts": 0}
        return {"kept": len(self.kept), "rejected_attempts": sum(self.rejected.values()), "wrong_cells": len(self.wrong),
                "planned": len(plan["trials"]),
                "workloads": {name: {"planned": count, **self.lines.get(name, none)} for name, count in sorted(planned.items())}}
