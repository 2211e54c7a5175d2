# SPDX-License-Identifier: MIT
"""Carrying out a plan: process after process, through crashes, hangs, signals and a full disk."""
import signal
import time

from .environment import allowed_cpus, load_snapshot
from .errors import GetputError, bad_request, environment_error
from .plan import EXPECTED_ATTEMPTS, PROCESS_START_S, SLICES_MS, batches_of, deadline_s, trial_ms
from .process import BenchProcess
from .store import MANIFEST, disk_errors
from .verdict import load_text

BATCH_FILE = "batch.json"
SECOND_CHANCES = 1  # for a trial whose process was killed, hung, or was asked to end by another program
LEAST_ATTEMPTS = 12
OWN_SIGNAL_S = 1.0  # a batch system signals the processes of a job one after the other


class Stop(Exception):
    """The run ends early but in order: by a signal or at its deadline."""

    def __init__(self, state, reason):
        super().__init__(reason)
        self.state = state


class Signals:
    """SIGINT, SIGTERM and SIGHUP become a wish that the runner looks at, and act on nothing themselves."""

    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self):
        self.received = None

    def __enter__(self):
        self.previous = {number: signal.signal(number, self._note) for number in self.NUMBERS}
        return self

    def _note(self, number, _frame):
        self.received = number

    def __exit__(self, *_):
        for number, handler in self.previous.items():
            signal.signal(number, handler)


class Runner:
    """One session over a plan; everything that must survive it is in the directory."""

    def __init__(self, bench, directory, plan, manifest, ledger, quiet_s):
        self.bench, self.directory, self.plan = bench, directory, plan
        self.manifest, self.ledger, self.quiet_s = manifest, ledger, quiet_s
        self.cells = {cell["name"]: cell for cell in plan["run"]["cells"]}
        self.crashed = {crash["cell"] for crash in manifest["crashes"] if crash["cell"]}
        self.offset = directory.trials_size()
        self.slices_ms = plan.get("slices_ms", SLICES_MS)
        self.unsafe = {entry["name"] for entry in plan["run"]["schemes"] if not entry["safe"]}
        self.second_chances = {}
        self.attempts_here = {}
        self.announced = set(ledger.wrong)
        limit = deadline_s(plan)
        self.started, self.attempted_s = time.monotonic(), 0.0
        self.deadline = None if limit is None else self.started + limit
        self.display = None
        self.signals = None

    def pending(self, batch):
        return [key for key in batch if not self.ledger.finished(key) and key[0] not in self.crashed]

    def trial_s(self, cell):
        return trial_ms(self.cells[cell], self.slices_ms) / 1000.0

    def seconds(self, keys):
        return sum(self.trial_s(cell) for cell, _ in keys) * EXPECTED_ATTEMPTS

    def remaining(self):
        """{number of a batch of the plan: its trials that are missing}."""
        return {number: todo for number, batch in enumerate(batches_of(self.plan)) if (todo := self.pending(batch))}

    @staticmethod
    def nothing_left(plan, ledger, manifest):
        """Whether a session over this plan would start no process."""
        crashed = {crash["cell"] for crash in manifest["crashes"]}
        return all(ledger.finished((entry["cell"], entry["trial"])) or entry["cell"] in crashed for entry in plan["trials"])

    def run(self, make_display, signals):
        """Measures what is missing. Raises Stop when it ends early, GetputError when it must."""
        try:
            for number in self.begin(make_display, signals):
                self.step(number)
        finally:
            self.finish()

    def begin(self, make_display, signals):
        """Prepares for the steps of this session; returns the numbers of the batches that they measure."""
        self.signals = signals
        self.batches = self.remaining()
        keys = [key for batch in self.batches.values() for key in batch]
        self.work = self.seconds(keys) + PROCESS_START_S * len(self.batches)
        self._recount()
        self.rest_at_start = self.rest
        self.display = make_display(len(self.plan["trials"]), self.work, self.deadline)
        return list(self.batches)

    def step(self, number):
        """Measures what is missing of one batch; nothing of a batch that is complete."""
        if number in self.batches:
            self._batch(self.batches[number], sum(later >= number for later in self.batches))

    def finish(self):
        """After the last step, or instead of it."""
        if self.display is not None:
            self.display.close()
        with disk_errors(self.directory.path):
            self.directory.file(BATCH_FILE).unlink(missing_ok=True)

    def _batch(self, batch, processes_left):
        """One batch, in as many processes as its crashes make necessary."""
        while todo := self.pending(batch):
            self._check_stop()
            attempts = self._attempts(processes_left)
            outcome, last = self._process(todo, attempts)
            if outcome.kind == "done":
                return
            if outcome.kind == "stopped":
                self._check_stop()
            if outcome.kind == "signalled":
                self._await_own_signal()
            if outcome.kind == "request":
                raise bad_request(outcome.detail)
            if outcome.kind == "environment":
                raise environment_error(outcome.detail)
            self._crash(todo, last, attempts, outcome)

    def _await_own_signal(self):
        """A signal that went to every process of a job reaches the driver, too, in a moment: Stop then."""
        moment = time.monotonic() + OWN_SIGNAL_S
        while self.signals.received is None and time.monotonic() < moment:
            time.sleep(0.01)
        self._check_stop()

    def _process(self, todo, attempts):
        plan = {key: self.plan[key] for key in ("schema", "seed", "burst_ms", "slices_ms", "planted_ns") if key in self.plan}
        plan["max_attempts"] = attempts
        plan["trials"] = [{"cell": cell, "trial": index} for cell, index in todo]
        self.directory.write_json(BATCH_FILE, plan)
        process = BenchProcess(self.bench, self.directory, self.directory.file(BATCH_FILE))
        self.attempts_here = {}
        self._show(todo[0][0])
        last = None

        def progress(doing):
            nonlocal last
            last = self._take() or last
            self._show(doing or todo[0][0])

        slowest = max(self.trial_s(cell) for cell, _ in todo)
        try:
            outcome = process.watch(self.quiet_s + 20.0 * slowest, self._stop_reason, progress)
        except BaseException:
            process.end()
            raise
        if cut := self.directory.repair_tail():
            self.directory.log(f"cut a torn line of {cut} bytes off trials.jsonl")
        return outcome, self._take() or last

    def _take(self):
        """Enters new lines of trials.jsonl into the ledger; the key of the last one."""
        last = None
        for _, self.offset, trial in self.directory.trials(self.offset):
            last = (trial["cell"], trial["trial"])
            before = self.ledger.finished(last)
            self.ledger.add(trial)
            self.attempts_here[last] = self.attempts_here.get(last, 0) + 1
            self.attempted_s += self.trial_s(last[0])
            if self.ledger.finished(last) and not before:
                self.done += 1
                self.rest -= self.seconds([last])
        for cell in set(self.ledger.wrong) - self.announced:
            self.announced.add(cell)
            if self.cells[cell]["scheme"] not in self.unsafe:  # the hunt has told of the others, once
                self.display.say(f"WRONG: {cell}: {self.ledger.wrong[cell]}")
        return last

    def _recount(self):
        """What is finished and what is left, from scratch; between crashes _take keeps both up to date."""
        keys = [key for batch in self.remaining().values() for key in batch]
        self.done, self.rest = len(self.plan["trials"]) - len(keys), self.seconds(keys)

    def _show(self, doing):
        share = 1.0 - self.rest / self.rest_at_start if self.rest_at_start > 0.0 else 1.0
        self.display.update(self.done, self.work * share, " ".join(doing.split("/")[:3]))

    def _crash(self, todo, last, attempts, outcome):
        """Finds the trial that was running, and takes its cell out of the run."""
        position = 0
        if last in todo:
            over = self.ledger.finished(last) or self.attempts_here[last] >= attempts
            position = todo.index(last) + (1 if over else 0)
        victim = todo[position] if position < len(todo) else None
        forgivable = outcome.killed or outcome.kind in ("hung", "signalled")
        detail = outcome.detail
        if outcome.kind == "hung":
            detail += f"; {load_text({'after': load_snapshot()}, len(allowed_cpus()))}"
        if forgivable and self.second_chances.get(victim, 0) < SECOND_CHANCES:
            self.second_chances[victim] = self.second_chances.get(victim, 0) + 1
            self.directory.log(f"process {outcome.kind} at {victim} ({detail}), tried again")
            return
        kind, again = "hung" if outcome.kind == "hung" else "crashed", "twice: " if forgivable else ""
        crash = {
            "cell": victim[0] if victim else None, "trial": victim[1] if victim else None, "kind": kind,
            "detail": again + detail, "unix_s": time.time(),
        }
        self.manifest["crashes"].append(crash)
        self.directory.write_json(MANIFEST, self.manifest)
        self.directory.log(f"{kind}: {crash['cell']}: {crash['detail']}")
        if victim:
            self.crashed.add(victim[0])
            self._recount()
        self.display.say(f"{kind.upper()}: {crash['cell'] or 'after the last trial of a process'}: {crash['detail']}")

    def _attempts(self, processes_left):
        """Fewer second chances for disturbed trials the less time is left, at the speed seen so far."""
        most = self.plan["max_attempts"]
        if self.deadline is None:
            return most
        slowdown = max(1.0, (time.monotonic() - self.started) / self.attempted_s) if self.attempted_s > 1.0 else 1.0
        needed = slowdown * self.rest / EXPECTED_ATTEMPTS + PROCESS_START_S * processes_left
        affordable = (self.deadline - time.monotonic()) / max(needed, 0.001)
        return max(LEAST_ATTEMPTS, min(most, int(affordable)))

    def _stop_reason(self):
        if self.signals.received is not None:
            return signal.Signals(self.signals.received).name
        if self.deadline is not None and time.monotonic() > self.deadline:
            return "deadline"
        return None

    def _check_stop(self):
        reason = self._stop_reason()
        if reason == "deadline":
            raise Stop("cut", "the profile's time is over")
        if reason:
            raise Stop("interrupted", reason)


def failure_state(error):
    """What the manifest says about an error that ended the run."""
    return f"failed: {error}" if isinstance(error, GetputError) else f"failed: {type(error).__name__}: {error}"
