# SPDX-License-Identifier: MIT
"""Waiting for a calm machine before the first process of a run, for a limited time.

A run that starts right after a build measures the end of that build: the first fifth of such a run
was 2 % slower. Calm means that for two seconds the CPUs were nearly idle, the hypervisor took no
time, and a fixed piece of work always took the same time.
"""
import hashlib
import time
from dataclasses import dataclass

from . import environment

CALM_S = 2.0
SAMPLE_S = 0.25
MOST_BUSY = 0.15  # share of all CPUs
MOST_STEAL = 0.01
MOST_SLOWER = 0.10  # of the control, over the fastest seen
CONTROL_BYTES = bytes(1 << 18)


@dataclass(frozen=True)
class Sample:
    """The machine since the sample before."""

    busy: float
    steal: float
    control_s: float


def _control():
    began = time.perf_counter()
    hashlib.sha256(CONTROL_BYTES).digest()
    return time.perf_counter() - began


class Sampler:
    """Reads the CPU time of the machine between two calls, and times the control."""

    def __init__(self):
        self.before = environment.cpu_ticks()

    def __call__(self):
        now = environment.cpu_ticks()
        total = max(now["total"] - self.before["total"], 1)
        busy = (total - (now["idle"] - self.before["idle"])) / total
        steal = ((now["steal"] or 0) - (self.before["steal"] or 0)) / total
        self.before = now
        return Sample(busy, steal, min(_control() for _ in range(3)))


def disturbance(sample, fastest_s):
    """What keeps this sample from being calm; None when nothing does."""
    if sample.busy > MOST_BUSY:
        return f"CPUs {100 * sample.busy:.0f} % busy"
    if sample.steal > MOST_STEAL:
        return f"{100 * sample.steal:.0f} % of the CPU time stolen"
    if sample.control_s > (1 + MOST_SLOWER) * fastest_s:
        return f"a fixed piece of work took {100 * (sample.control_s / fastest_s - 1):.0f} % longer than before"
    return None


def wait(limit_s, sample=None, clock=time.monotonic, sleep=time.sleep, stop=lambda: False):
    """Waits until the machine is calm, at most `limit_s`: {"seconds", "calm", "why"}.

    `why` is the last disturbance when the machine did not become calm. `stop()` ends the wait early.
    """
    sample = sample or Sampler()
    began = calm_since = clock()
    fastest_s, why = float("inf"), None
    while True:
        sleep(SAMPLE_S)
        found = sample()
        fastest_s = min(fastest_s, found.control_s)
        now = clock()
        disturbed = disturbance(found, fastest_s)
        if disturbed:
            calm_since, why = now, disturbed
        if now - calm_since >= CALM_S:
            return {"seconds": round(now - began, 2), "calm": True, "why": None}
        if now - began >= limit_s or stop():
            return {"seconds": round(now - began, 2), "calm": False, "why": why}
