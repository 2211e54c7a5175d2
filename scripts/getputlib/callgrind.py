# SPDX-License-Identifier: MIT
"""Counting the instructions of one cell's timed code with callgrind, which executes the binary on a simulated CPU.

The binary replays the cell in windows (bench/program/replay_command.hpp); callgrind counts inside the function of the window and
leaves one file a window. Counts repeat exactly from run to run.
"""
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .bench import last_line, strict_loads
from .errors import EXIT_BAD_RESULT, GetputError, environment_error
from .plugins import child_environment

SCHEMA = "getput.replay/1"
WINDOW = "getput_replay_window"
BASELINE, SUBJECT = "baseline", "subject"
TIMEOUT_S = 600
# valgrind has no rseq: a scheme that only asks for its CPU's number asks the kernel instead, which is not what is timed.
FOREIGN = {"sched_getcpu": "callgrind has no rseq: the scheme calls sched_getcpu there, not in what is timed"}


@dataclass(frozen=True)
class Replay:
    """Instructions per packet of both arms; None where callgrind does not execute what is timed, and then why says so."""

    gets_per_packet: float
    level0: float | None = None
    subject: float | None = None
    why: str | None = None

    @property
    def added(self):
        return None if self.subject is None else self.subject - self.level0


def require():
    """One line with the remedy where callgrind is missing."""
    if shutil.which("valgrind") is None:
        raise environment_error("valgrind, which counts the instructions, is not installed: apt-get install valgrind")


def per_packet(windows, counts, arm):
    """What a packet costs: a long window minus a short one, so that what is not per packet cancels."""
    (short, few), (long, many) = sorted((window["packets"], count) for window, count in zip(windows, counts) if window["arm"] == arm)
    return (many - few) / (long - short)


def read_counts(folder, windows):
    """(instructions of each window, names of all functions in them)."""
    counts, functions = [], set()
    for number in range(1, windows + 1):
        try:
            text = (folder / f"window.{number}").read_text(encoding="utf-8")
        except OSError:
            raise environment_error(f"callgrind left {number - 1} windows of {windows}: the binary has no function {WINDOW}; rebuild it")
        totals = re.search(r"^totals: (\d+)$", text, re.M)
        if totals is None or int(totals[1]) == 0:
            raise environment_error(f"callgrind counted nothing in window {number} of {windows}")
        counts.append(int(totals[1]))
        functions.update(re.findall(r"^c?fn=\(\d+\) (\S+)", text, re.M))
    return counts, functions


def _run(bench, question, passes, folder):
    """The binary under callgrind, which leaves folder/window.1, window.2 and so on."""
    command = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={folder / 'window'}",
               f"--toggle-collect={WINDOW}", f"--dump-after={WINDOW}", str(bench.path), question,
               f"--getput_passes={passes}", *bench.flags]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S,
                              env=child_environment(bench.path), stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        raise environment_error(f"{question}: callgrind did not end in {TIMEOUT_S} s")


def _document(text):
    """The binary's answer; None where it gave none."""
    try:
        return strict_loads(text)
    except ValueError:
        return None


def replay(bench, cell, passes=1):
    """The Replay of a cell. Raises GetputError where the binary cannot replay it outside callgrind either."""
    question = f"--getput_replay={cell}"
    with tempfile.TemporaryDirectory(prefix="getput-callgrind-") as name:
        done = _run(bench, question, passes, Path(name))
        document = _document(done.stdout)
        if document is None:
            native = bench.ask(question, SCHEMA)
            return Replay(native["gets_per_packet"], why=f"under callgrind: {last_line(done.stderr).removeprefix(f'cell {cell}: ')}")
        if not document["oracle"]["ok"]:
            raise GetputError(f"{cell}: WRONG under callgrind: {document['oracle']['detail']}", EXIT_BAD_RESULT)
        counts, functions = read_counts(Path(name), len(document["windows"]))
    for function in sorted(functions & set(FOREIGN)):
        return Replay(document["gets_per_packet"], why=FOREIGN[function])
    return Replay(document["gets_per_packet"], *(per_packet(document["windows"], counts, arm) for arm in (BASELINE, SUBJECT)))
