# SPDX-License-Identifier: MIT
"""One benchmark process: started, watched, and ended when it hangs or the run is stopped."""
import collections
import ctypes
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass

from .bench import cannot_run
from .errors import EXIT_BAD_REQUEST, EXIT_BAD_RESULT, EXIT_ENVIRONMENT, EXIT_OK, environment_error
from .plugins import child_environment
from .store import LOG, TRIALS

PROGRESS_PREFIX = "getput: trial "
CANNOT_LOAD = 127  # the dynamic linker's exit status when a library is missing
PR_SET_PDEATHSIG = 1
REQUESTS_TO_END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)  # a batch system sends them to every process of a job
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Outcome:
    """How a process ended. Kinds: done, crashed, hung, stopped, signalled, request, environment.

    Stopped: by the driver. Signalled: by a signal that asks a program to end and that the driver did not send.
    """

    kind: str
    detail: str
    killed: bool = False  # by SIGKILL: the kernel short of memory, or a person; rarely the scheme


def _die_with_parent():
    """The kernel ends the child when the driver dies: no orphan measures into a resumed directory."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class BenchProcess:
    """Runs the binary over one plan file, appending to the directory's trials.jsonl."""

    def __init__(self, bench, directory, plan_file):
        command = [
            str(bench.path), f"--getput_plan={plan_file}", f"--getput_out={directory.file(TRIALS)}", *bench.flags,
        ]
        self.out = directory.file(TRIALS)
        self.log = open(directory.file(LOG), "ab")
        self.words = collections.deque(maxlen=20)
        self.partial = b""
        self.doing = None
        self.closed = False
        try:
            self.child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.PIPE, start_new_session=True,
                pass_fds=(directory.lock_fd,), preexec_fn=_die_with_parent, env=child_environment(bench.path),
            )
        except OSError as error:
            self.log.close()
            raise environment_error(cannot_run(bench.path, error))
        os.set_blocking(self.child.stderr.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.child.stderr, selectors.EVENT_READ)

    def watch(self, quiet_limit_s, stop, on_progress):
        """Waits for the end. `stop()` names a reason to end it early, else returns None."""
        last_sign, size = time.monotonic(), self._size()
        while True:
            if self._wait(0.2) and self._read():
                last_sign = time.monotonic()
            if self.child.poll() is not None:
                return self._ended()
            if self._size() != size:
                size, last_sign = self._size(), time.monotonic()
                on_progress(self.doing)
            reason = stop()
            if reason:
                self.end()
                return Outcome("stopped", reason)
            if time.monotonic() - last_sign > quiet_limit_s:
                self.end()
                return Outcome("hung", f"no sign of life for {quiet_limit_s:.0f} s")

    def _wait(self, seconds):
        """True when there is something to read; returns early, too, when the child has ended."""
        if not self.closed:
            return bool(self.selector.select(timeout=seconds))
        try:
            self.child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        return False

    def _size(self):
        try:
            return os.stat(self.out).st_size
        except FileNotFoundError:
            return 0

    def _read(self):
        """Takes what is on stderr; True when there was anything."""
        try:
            block = os.read(self.child.stderr.fileno(), 65536)
        except BlockingIOError:
            return False
        if not block:
            self.closed = True  # select() would return at once from now on, until the child is reaped
            return False
        *lines, self.partial = (self.partial + block).split(b"\n")
        for line in lines:
            self._line(line.decode("utf-8", errors="replace"))
        return True

    def _line(self, line):
        """Progress lines are kept out of the log; the rest is what a crash is explained with."""
        if line.startswith(PROGRESS_PREFIX):
            self.doing = line.split()[-1]
        elif line.strip():
            self.words.append(line.strip())
            self.log.write(line.encode() + b"\n")

    def end(self):
        """SIGTERM to the whole group, SIGKILL two seconds later; a line is one write, so none is torn."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.child.pid, number)
            except ProcessLookupError:
                break
            try:
                self.child.wait(timeout=2.0)
                break
            except subprocess.TimeoutExpired:
                continue
        self._close()

    def _close(self):
        while self._read():
            pass
        self._line(self.partial.decode("utf-8", errors="replace"))
        self.selector.close()
        self.child.stderr.close()
        self.log.close()

    def _ended(self):
        self._close()
        code, said = self.child.returncode, self.last_words()
        if code in (EXIT_OK, EXIT_BAD_RESULT):
            return Outcome("done", said)
        if code == EXIT_BAD_REQUEST:
            return Outcome("request", said or "the binary refused the request")
        if code in (EXIT_ENVIRONMENT, CANNOT_LOAD):
            return Outcome("environment", said or "the environment does not allow the measurement")
        if -code in REQUESTS_TO_END:
            return Outcome("signalled", signal.Signals(-code).name)
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            return Outcome("crashed", f"{name}{': ' + said if said else ''}", killed=-code == signal.SIGKILL)
        return Outcome("crashed", f"exit status {code}{': ' + said if said else ''}")

    def last_words(self):
        if not self.words:
            return ""
        return self.words[-1].removeprefix("getput-bench: ").removeprefix("getput: ")
