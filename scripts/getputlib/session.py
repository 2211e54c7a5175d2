# SPDX-License-Identifier: MIT
"""One session of a run: lock, hunt, settle, measure, judge; and the record of all of it."""
import os
import shlex
import time

from . import environment, hunt, machine_lock, progress, seal, settle, verdict
from .errors import GetputError, note
from .runner import Runner, Signals, Stop, failure_state
from .selection import PROFILES
from .store import ENV, MANIFEST

QUIET_S = 30.0


def resume_command(directory):
    return f"scripts/getput run --resume {shlex.quote(str(directory.path))}"


def _announce_load(cpus):
    """Said before the first process, while there is time to end what else runs."""
    load = os.getloadavg()[0]
    if load > 0.5 * cpus:
        note(f"load {load:.1f} on {cpus} CPUs before the run: other programs are running, attempts that they disturb are rejected")


def _settle(session, profile, arguments, signals):
    if arguments.no_settle:
        session["settled"] = None
        return
    session["settled"] = found = settle.wait(profile.settle_s, stop=lambda: signals.received is not None)
    if not found["calm"]:
        note(f"the machine did not become calm in {found['seconds']:.0f} s: {found['why']}")


def _add_remark(manifest, text):
    if text not in manifest["remarks"]:
        manifest["remarks"].append(text)


class Session:
    """The manifest says how it began and how it ended, whatever happened between."""

    def __init__(self, started, arguments):
        self.bench, self.directory, self.plan, self.manifest, self.ledger, self.record = started
        self.arguments = arguments
        self.profile = PROFILES[self.plan["run"]["selection"]["profile"]]
        self.cpus = len(environment.allowed_cpus())
        self.stop, self.received = None, None

    def measure(self):
        """Runs what is missing; `stop` then says why it ended early, if it did. Raises GetputError."""
        lock = machine_lock.acquire(self.directory.path, self.arguments.alongside)
        session = {"start_unix_s": time.time(), "end_unix_s": None, "pid": os.getpid(), "load": environment.load_snapshot(),
                   "alongside": lock.other}
        self.manifest["sessions"].append(session)
        self.manifest["state"] = "running"
        if lock.other:
            note(f"measuring at the same time as another run ({lock.other})")
            _add_remark(self.manifest, f"measured at the same time as another getput run ({lock.other}): --alongside")
        self.directory.write_json(MANIFEST, self.manifest)
        try:
            self._session(session)
        finally:
            lock.release()

    def _session(self, session):
        with Signals() as signals:
            try:
                self._prepare(session, signals)
                runner = Runner(self.bench, self.directory, self.plan, self.manifest, self.ledger, self.arguments.timeout or QUIET_S)
                runner.run(progress.start, signals)
                self.manifest["state"] = "finished"
            except Stop as reason:
                self.stop, self.manifest["state"] = reason, reason.state
            except BaseException as error:
                self.manifest["state"] = failure_state(error)
                note(f"finished trials are kept; go on with: {resume_command(self.directory)}")
                raise
            finally:
                session["end_unix_s"] = time.time()
                self.received = signals.received
                self._write_end()

    def _prepare(self, session, signals):
        """What comes before the first trial: the hunts, and the wait for a calm machine."""
        if not Runner.nothing_left(self.plan, self.ledger, self.manifest):
            self.manifest["hunts"] = hunt.hunt_all(
                self.bench, self.plan, self.manifest.get("hunts", ()), self.profile.hunt_s, note)
            _announce_load(self.cpus)
            _settle(session, self.profile, self.arguments, signals)

    def _write_end(self):
        """The closing documents. A full disk must not hide the error that the user has to see."""
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
        return verdict.judge(self.plan, self.ledger, self.manifest["state"], self.record["load"], self.cpus, crashed)
