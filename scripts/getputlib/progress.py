# SPDX-License-Identifier: MIT
"""What the user sees while a run goes on: a live bar on a terminal, plain lines anywhere else."""
import sys
import time

from .errors import note
from .plan import duration

PLAIN_INTERVAL_S = 10.0
LIVE_INTERVAL_S = 0.1


class Plain:
    """A line every ten seconds, readable in a log file."""

    def __init__(self, total, work, deadline=None):
        self.total, self.work, self.deadline = total, work, deadline
        self.started = time.monotonic()
        self.last = self.started
        self.complete = False

    def update(self, done, work_done, doing):
        now = time.monotonic()
        if now - self.last >= PLAIN_INTERVAL_S or (done == self.total and not self.complete):
            self.last, self.complete = now, done == self.total
            left = time_left(now - self.started, work_done, self.work)
            note(f"{done}/{self.total} trials, {left_text(left, self.deadline, now)}, now {doing}")

    def say(self, text):
        note(text)

    def close(self):
        """Nothing to put away."""


class Live:
    """rich's bar, refreshed by hand: a refreshing thread must not exist when processes are started."""

    def __init__(self, total, work, deadline=None):
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self.total, self.work, self.deadline = total, work, deadline
        self.started, self.last = time.monotonic(), 0.0
        self.progress = Progress(
            BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[doing]}", markup=False), console=Console(stderr=True), auto_refresh=False,
            transient=True, redirect_stdout=False, redirect_stderr=False,
        )
        self.task = self.progress.add_task("", total=total, left="", doing="")
        self.progress.start()

    def update(self, done, work_done, doing):
        now = time.monotonic()
        if now - self.last < LIVE_INTERVAL_S and done < self.total:
            return
        self.last = now
        left = left_text(time_left(now - self.started, work_done, self.work), self.deadline, now)
        self.progress.update(self.task, completed=done, left=left, doing=doing)
        self.progress.refresh()

    def say(self, text):
        self.progress.console.print(text, markup=False, highlight=False)

    def close(self):
        self.progress.stop()


def time_left(elapsed, work_done, work):
    """Seconds left: the estimate, corrected by the speed seen so far once that says something."""
    rest = max(work - work_done, 0.0)
    if work_done < 0.03 * work or work_done <= 0.0:
        return rest
    return rest * elapsed / work_done


def left_text(left_s, deadline, now):
    """How long the run still takes, in words; never past the moment (of time.monotonic) at which it will be cut."""
    if deadline is None or now + left_s <= deadline:
        return f"{duration(left_s)} left"
    rest = max(deadline - now, 0.0)
    clock = time.strftime("%H:%M:%S", time.gmtime(time.time() + rest))
    return f"{duration(rest)} left, will be cut at {clock} UTC"


def start(total, work_s, deadline=None):
    """The display that fits where stderr goes; `deadline` is a moment of time.monotonic, or None."""
    if sys.stderr.isatty():
        try:
            return Live(total, work_s, deadline)
        except ImportError:
            pass
    return Plain(total, work_s, deadline)
