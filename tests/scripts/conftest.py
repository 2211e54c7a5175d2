# SPDX-License-Identifier: MIT
"""Fixtures: the command line run against the stand-in binary, in directories of the test's own."""
import fcntl
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GETPUT = ROOT / "scripts" / "getput"
FAKE = Path(__file__).resolve().parent / "fake_bench.py"

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))

# What each command imports, loaded once for all the copies that run it.
NEEDED = {"report": ("getputlib.report", "scipy.stats", "jinja2", "matplotlib.backends.backend_pdf",
                     "matplotlib.backends.backend_svg"),
          "summary": ("getputlib.summary", "scipy.stats"), "compare": ("getputlib.compare", "scipy.stats"),
          "run": ("getputlib.run_command", "getputlib.validate", "jsonschema", "getputlib.results"),
          "validate": ("getputlib.validate", "jsonschema"), "list": ("getputlib.summary",)}


def load(command):
    for module in NEEDED.get(command, ()):
        importlib.import_module(module)


def _command_line(arguments, folder, environment, files):
    """What scripts/getput does, in a copy of this process: its modules are loaded already. Never returns."""
    code = 1
    try:
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        for number, stream in enumerate(files):
            os.dup2(stream.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (open(number, mode, closefd=False) for number, mode in enumerate("rww"))
        sys.argv = [str(GETPUT), *arguments]
        from getputlib.cli import main

        code = main(arguments)
    except SystemExit as error:
        code = error.code
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code or 0)


def _wait(child, seconds):
    deadline = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise TimeoutError(f"no end after {seconds} s")
        time.sleep(0.003)


class Driver:
    """scripts/getput with a stand-in binary whose behaviour a test chooses."""

    def __init__(self, folder, finished=None):
        self.folder, self.finished = folder, finished
        self.behaviour = folder / "behaviour.json"
        self.behave()

    def behave(self, **behaviour):
        self.behaviour.write_text(json.dumps(behaviour))

    def environment(self):
        return {**os.environ, "GETPUT_BENCH": str(FAKE), "GETPUT_FAKE": str(self.behaviour), "GETPUT_LOCK_DIR": str(self.folder)}

    @staticmethod
    def words(arguments):
        """The command line, without the wait for a calm machine unless a test asks for it."""
        words = [str(word) for word in arguments if word != "--settle"]
        wait = "--settle" in arguments or "--no-settle" in arguments
        return words if wait or words[:1] != ["run"] else [*words, "--no-settle"]

    def start(self, *arguments, **keywords):
        return subprocess.Popen(
            [str(GETPUT), *self.words(arguments)], cwd=self.folder, env=self.environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords,
        )

    def __call__(self, *arguments, code=0):
        """Runs to the end, as a process of its own; the exit code is part of every test."""
        load(arguments[0] if arguments else None)
        with open(os.devnull) as nothing, tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            child = os.fork()
            if child == 0:
                _command_line(self.words(arguments), self.folder, self.environment(), (nothing, out, err))
            returned = _wait(child, 400)
            out, err = (os.pread(stream.fileno(), 1 << 24, 0).decode() for stream in (out, err))
        assert returned == code, f"exit {returned}, not {code}\n{out}\n{err}"
        return out, err

    def run(self, *arguments, code=0, out="out"):
        self("run", "--smoke", "--seed", "7", "--out", out, *arguments, code=code)
        return self.folder / out

    def finished_run(self, *arguments):
        """As run(), but a copy of one that an earlier test may have made: for tests of what comes after."""
        kept = self.finished / str(zlib.crc32(repr(arguments).encode()))
        if not kept.exists():
            shutil.copytree(self.run(*arguments), kept)
        else:
            shutil.copytree(kept, self.folder / "out")
        return self.folder / "out"

    def trials(self, directory="out"):
        text = (self.folder / directory / "trials.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def document(self, name, directory="out"):
        return json.loads((self.folder / directory / name).read_text())

    def summary(self, directory="out", code=0):
        return json.loads(self("summary", directory, "--json", code=code)[0])


def page(driver, directory="out"):
    return (driver.folder / directory / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    return tmp_path_factory.mktemp("finished")


@pytest.fixture
def driver(tmp_path, finished):
    return Driver(tmp_path, finished)


@pytest.fixture(scope="session")
def measured(tmp_path_factory):
    """A complete run of everything, for tests that only read it, or add a report to it; one for all processes."""
    folder = Path(os.environ.get("GETPUT_MEASURED") or tmp_path_factory.mktemp("measured"))
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        driver = Driver(folder)
        driver.behave(reject=0.1)
        if not (folder / "measured").exists():
            driver("run", "--quick", "--trials", "10", "--seed", "11", "--out", "out")
            (folder / "measured").touch()
    return driver
