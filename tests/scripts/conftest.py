# SPDX-License-Identifier: MIT
"""Fixtures: the command line run against the stand-in binary, in directories of the test's own."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GETPUT = ROOT / "scripts" / "getput"
FAKE = Path(__file__).resolve().parent / "fake_bench.py"

sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))


class Driver:
    """scripts/getput with a stand-in binary whose behaviour a test chooses."""

    def __init__(self, folder):
        self.folder = folder
        self.behaviour = folder / "behaviour.json"
        self.behave()

    def behave(self, **behaviour):
        self.behaviour.write_text(json.dumps(behaviour))

    def environment(self):
        return {**os.environ, "GETPUT_BENCH": str(FAKE), "GETPUT_FAKE": str(self.behaviour)}

    def start(self, *arguments, **keywords):
        return subprocess.Popen(
            [str(GETPUT), *map(str, arguments)], cwd=self.folder, env=self.environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **keywords,
        )

    def __call__(self, *arguments, code=0):
        """Runs to the end; the exit code is part of every test."""
        child = self.start(*arguments)
        out, err = child.communicate(timeout=180)
        assert child.returncode == code, f"exit {child.returncode}, not {code}\n{out}\n{err}"
        return out, err

    def run(self, *arguments, code=0, out="out"):
        self("run", "--smoke", "--seed", "7", "--out", out, *arguments, code=code)
        return self.folder / out

    def trials(self, directory="out"):
        text = (self.folder / directory / "trials.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def document(self, name, directory="out"):
        return json.loads((self.folder / directory / name).read_text())

    def summary(self, directory="out", code=0):
        return json.loads(self("summary", directory, "--json", code=code)[0])


@pytest.fixture
def driver(tmp_path):
    return Driver(tmp_path)


@pytest.fixture(scope="session")
def measured(tmp_path_factory):
    """A complete run of everything, for tests that only read it."""
    driver = Driver(tmp_path_factory.mktemp("measured"))
    driver.behave(reject=0.1)
    driver("run", "--quick", "--trials", "10", "--seed", "11", "--out", "out")
    return driver
