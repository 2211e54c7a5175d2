#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Runs the Python tests, a file at a time on each CPU, and prints what pytest would have.

in_parallel.py [PYTEST-ARGUMENT...]

Every file is run by a copy of this process, so that the modules that all of them need are loaded
once. Ends with 0 when every test passed, with 1 when one failed or a file could not be run.
"""
import os
import re
import sys
import tempfile
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
FIRST = ("test_guest_liburcu", "test_until_width_ab", "test_run", "test_report", "test_report_cases", "test_results", "test_resume")  # what takes longest must not come last
OUTCOMES = ("failed", "passed", "skipped", "error", "errors", "xfailed")


def preload():
    sys.path.insert(0, str(FOLDER))
    sys.dont_write_bytecode = True
    import conftest

    for command in conftest.NEEDED:
        conftest.load(command)


def in_order(files):
    return sorted(files, key=lambda path: (FIRST.index(path.stem) if path.stem in FIRST else len(FIRST), path.name))


def start(path, arguments, log):
    """A copy of this process that runs one file; returns its number."""
    child = os.fork()
    if child:
        return child
    code = 3
    try:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        import pytest

        code = pytest.main(["-q", "-p", "no:cacheprovider", *arguments, str(path)])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code))


def run(files, arguments, folder):
    """{file: (exit code, what it printed)}."""
    waiting, running, done = in_order(files), {}, {}
    while waiting or running:
        while waiting and len(running) < len(os.sched_getaffinity(0)):
            path = waiting.pop(0)
            with open(folder / f"{path.stem}.log", "w") as log:
                running[start(path, arguments, log)] = path
        child, status = os.wait()
        path = running.pop(child)
        done[path] = os.waitstatus_to_exitcode(status), (folder / f"{path.stem}.log").read_text(errors="replace")
    return done


def main():
    began, counts, failed = time.monotonic(), {}, False
    preload()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GETPUT_MEASURED"] = folder
        done = run(list(FOLDER.glob("test_*.py")), sys.argv[1:], Path(folder))
    for path in sorted(done):
        code, text = done[path]
        closing = text.strip().splitlines()[-1] if text.strip() else ""
        for count, word in re.findall(r"(\d+) (\w+)", closing):
            if word in OUTCOMES:
                counts[word] = counts.get(word, 0) + int(count)
        failed = failed or code != 0
        print(text.rstrip() if code else f"{path.name}: {closing}")
    words = ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "nothing was run"
    print(f"{words} in {time.monotonic() - began:.1f}s, {len(done)} files")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
