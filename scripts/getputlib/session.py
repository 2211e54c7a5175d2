# SPDX-License-Identifier: MIT
"""One session of a run: lock, hunt, settle, measure, judge; and the record of all of it."""
import contextlib
import os
import shlex
import time

from . import environment, hunt, machine_lock, progress, seal, settle, verdict
from .errors import EXIT_BAD_RESULT, GetputError, note
from .runner import Runner, Signals, Stop, failure_state
from .selection import PROFILES
from .store import ENV, MANIFEST, PLAN

QUIET_S = 30.0


def resume_command(directory):
    return f"scripts/getput run --resume {shlex.quote(str(directory.path))}"


def _announce_load(cpus):
    """Said before the first process, while there is time to end what else runs."""
    load = os.getloadavg()[0]
    if load > 0.5 * cpus:
        note(f"load {load:.1f} on {cpus} CPUs before the run: other programs are running, attempts that they disturb are rejected")


def _settled(limit_s, signals):
    found = settle.wait(limit_s, stop=lambda: signals.received is not None)
    if not found["calm"]:
        note(f"the machine did not become calm in {found['seconds']:.0f} s: {found['why']}")
    return found


def _add_remark(manifest, text):
    if text not in manifest["remarks"]:
        manifest["remarks"].append(text)


@contextlib.contextmanager
def recorded(sessions, signals):
    """Around the measuring of one or more sessions: each manifest says how it ended, whatever happens within."""
    try:
        yield
        for session in sessions:
            session.manifest["state"] = "finished"
    except Stop as reason:
        for session in sessions:
            session.stop, session.manifest["state"] = reason, reason.state
    except BaseException as error:
        for session in sessions:
            session.manifest["state"] = failure_state(error)
            note(f"finished trials are kept; continue with: {session.continued_by}")
        raise
    finally:
        for session in sessions:
            session.received = signals.received
            session.end()


class Session:
    """What is done to one results directory by one process of the driver."""

    def __init__(self, started, arguments, continued_by=None):
        self.bench, self.directory, self.plan, self.manifest, self.ledger, self.record = started
        self.arguments = arguments
        self.continued_by = continued_by or resume_command(self.directory)
        self.profile = PROFILES[self.plan["run"]["selection"]["profile"]]
        self.cpus = len(environment.allowed_cpus())
        self.entry = None  # of this session in the manifest
        self.stop, self.received = None, None
        self.wide = []  # what --until-width could not narrow

    def measure(self):
        """Runs what is missing; `stop` then says why it ended early, if it did. Raises GetputError."""
        lock = machine_lock.acquire(self.directory.path, self.arguments.alongside)
        try:
            self.begin(lock.other)
            with Signals() as signals, recorded([self], signals):
                self.prepare(signals)
                runner = self.runner()
                runner.run(progress.start, signals)
                self._narrow(runner, signals)
        finally:
            lock.release()

    def begin(self, other):
        """Enters the session into the manifest; `other` is the run that is measuring at the same time, if any."""
        self.entry = {"start_unix_s": time.time(), "end_unix_s": None, "pid": os.getpid(), "load": environment.load_snapshot(),
                      "settled": None, "alongside": other}
        self.manifest["sessions"].append(self.entry)
        self.manifest["state"] = "running"
        if other:
            note(f"measuring at the same time as another run ({other})")
            _add_remark(self.manifest, f"measured at the same time as another getput run ({other}): --alongside")
        self.directory.write_json(MANIFEST, self.manifest)

    def runner(self):
        return Runner(self.bench, self.directory, self.plan, self.manifest, self.ledger, self.arguments.timeout or QUIET_S)

    def prepare(self, signals):
        """What comes before the first trial: the hunts, and the wait for a calm machine."""
        if Runner.nothing_left(self.plan, self.ledger, self.manifest) and not self.plan["run"].get("until_width"):
            return
        self.manifest["hunts"] = hunt.hunt_all(
            self.bench, self.plan, self.manifest.get("hunts", ()), self.profile.hunt_s, note)
        _announce_load(self.cpus)
        if not self.arguments.no_settle:
            self.entry["settled"] = _settled(self.profile.settle_s, signals)

    def _narrow(self, runner, signals):
        """Further rounds until every interval is narrow enough (--until-width), or --max-trials is reached."""
        run = self.plan["run"]
        if not run.get("until_width"):
            return
        from . import until_width

        width, most = until_width.Width.parse(run["until_width"]), run.get("max_trials") or until_width.MOST_TRIALS
        try:
            while wide := until_width.too_wide(self.directory.path, width):
                self.wide = wide
                added = until_width.extend(self.plan, wide, most)
                if not added:
                    return
                self.directory.write_json(PLAN, self.plan)
                note(f"{until_width.line(wide, run['until_width'])}: {added} further trials")
                runner.run(progress.start, signals)
            self.wide = []
        except Stop:
            self.wide = until_width.too_wide(self.directory.path, width)
            raise

    def end(self):
        """The closing documents. A full disk must not hide the error that the user has to see."""
        self.entry["end_unix_s"] = time.time()
        self.manifest["counts"] = self.ledger.counts(self.plan)
        self.record["load"]["after"] = environment.load_snapshot()
        quota = self.record["machine"]["cgroup"]["quota_cpus"]
        for text in verdict.remarks(self.ledger, self.record["load"], self.cpus, quota):
            _add_remark(self.manifest, text)
        try:
            self.directory.write_json(MANIFEST, self.manifest)
            self.directory.write_json(ENV, self.record)
            if self.manifest["state"] in ("finished", "cut", "interrupted"):
                seal.write(self.directory)
        except GetputError as error:
            note(f"getput: {error}")

    def judge(self):
        """(exit code, lines): what the run's own promise says about it; see verdict.judge."""
        crashed = {crash["cell"] for crash in self.manifest["crashes"]}
        code, lines = verdict.judge(self.plan, self.ledger, self.manifest["state"], self.record["load"], self.cpus, crashed)
        if self.wide:
            from . import until_width

            return code or EXIT_BAD_RESULT, [*lines, until_width.line(self.wide, self.plan["run"]["until_width"])]
        return code, lines
