# SPDX-License-Identifier: MIT
"""Finding the C++ binary and asking it what it can measure (contract: docs/architecture.md)."""
import errno
import json
import math
import os
import subprocess
from pathlib import Path

from .errors import REPOSITORY, EXIT_BAD_REQUEST, GetputError, environment_error
from .files import file_sha256
from .plugins import child_environment

DEFAULT_BINARY = REPOSITORY / "build" / "release" / "bin" / "getput-bench"
LIST_SCHEMA = "getput.list/1"
ENV_SCHEMA = "getput.env/1"
HUNT_SCHEMA = "getput.hunt/1"
QUESTION_TIMEOUT_S = 120


def strict_loads(text):
    """json.loads that refuses NaN, Infinity, a number too large to be finite (1e999), a key given twice."""

    def refuse(name):
        raise ValueError(f"{name} is not JSON")

    def no_duplicates(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = sorted({key for key in keys if keys.count(key) > 1})
            raise ValueError(f"key given twice: {', '.join(twice)}")
        return found

    def finite(digits):
        value = float(digits)
        if not math.isfinite(value):
            raise ValueError(f"{digits} is not a finite number")
        return value

    return json.loads(text, parse_constant=refuse, parse_float=finite, object_pairs_hook=no_duplicates)


class Bench:
    """The benchmark binary, with the selection flags that every question to it carries."""

    def __init__(self, path, flags=()):
        self.path = Path(path)
        self.flags = list(flags)

    @classmethod
    def find(cls, given=None, flags=()):
        """--bench, else GETPUT_BENCH, else the release build; one clear error if it is not there."""
        path = Path(given or os.environ.get("GETPUT_BENCH") or DEFAULT_BINARY).absolute()
        if not path.is_file():
            raise environment_error(
                f"no benchmark binary at {path}: build it with scripts/run (or name another one with --bench)"
            )
        if not os.access(path, os.X_OK):
            raise environment_error(f"{path} may not be executed: chmod +x it, or rebuild with scripts/run")
        return cls(path, flags)

    def ask(self, question, schema, more=()):
        """Runs the binary with one question and returns the JSON document that it prints."""
        command = [str(self.path), question, *more, *self.flags]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, check=False, timeout=QUESTION_TIMEOUT_S,
                env=child_environment(self.path), stdin=subprocess.DEVNULL,
            )
        except OSError as error:
            raise environment_error(cannot_run(self.path, error))
        except subprocess.TimeoutExpired:
            raise environment_error(f"{self.path} {question} gave no answer in {QUESTION_TIMEOUT_S} s")
        if done.returncode != 0:
            raise self._failure(question, done)
        try:
            document = strict_loads(done.stdout)
        except ValueError as error:
            raise environment_error(f"{self.path} {question} printed no strict JSON ({error}); rebuild it")
        if document.get("schema") != schema:
            raise environment_error(
                f"{self.path} speaks {document.get('schema')!r}, this driver {schema!r}; rebuild with scripts/run"
            )
        return document

    def _failure(self, question, done):
        said = last_line(done.stderr) or f"{self.path.name} {question} ended with {done.returncode}"
        if done.returncode == EXIT_BAD_REQUEST:
            return GetputError(said, EXIT_BAD_REQUEST)
        return environment_error(said)

    def list(self):
        return self.ask("--getput_list", LIST_SCHEMA)

    def environment(self):
        return self.ask("--getput_env", ENV_SCHEMA)

    def hunt(self, scheme, seconds):
        """Asks the binary to show that an unsafe scheme is unsafe; schema getput.hunt/1."""
        return Bench(self.path).ask(f"--getput_hunt={scheme}", HUNT_SCHEMA, [f"--getput_hunt_s={seconds:g}"])

    def sha256(self):
        """Identity of the build: results of two binaries never share a directory."""
        return file_sha256(self.path)


def cannot_run(path, error):
    """One line for an OSError on starting the binary; rebuilding helps only where the file is at fault."""
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return f"cannot run {path}: too many open files; raise the limit: ulimit -n 1024"
    if error.errno in (errno.EAGAIN, errno.ENOMEM):
        return f"cannot run {path}: {error.strerror}; end other programs, or raise ulimit -u and -v"
    return f"cannot run {path}: {error.strerror}; rebuild with scripts/run"


def last_line(text):
    """The last line that says something, without the program's own prefix."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return ""
    line = lines[-1]
    for prefix in ("getput-bench: ", "getput: ", "error: "):
        line = line.removeprefix(prefix)
    return line
