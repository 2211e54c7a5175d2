#!/usr/bin/python3 -I
# SPDX-License-Identifier: MIT
"""The stand-in binary with time slices whose truth a test chooses; its cells and its contract are those of fake_bench.py.

The file named by GETPUT_FAKE may also say:
  bias_ns          added to what level 0 against level 0 shows       spread_ns   standard deviation between processes
  deaf             true: the plan's planted_ns is not spun           error_ns    standard error told by each trial
  no_slices        true: `difference` is null
"""
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import fake_bench

PLAN = {}
KNOWN = fake_bench.BEHAVIOUR
ordinary_line, ordinary_run = fake_bench.trial_line, fake_bench.run


def trial_line(known, entry, attempt, seed):
    line = ordinary_line(known, entry, attempt, seed)
    if KNOWN.get("no_slices"):
        return {**line, "difference": None}
    planted = 0.0 if KNOWN.get("deaf") else PLAN.get("planted_ns", 0.0)
    chance = random.Random(f"{seed} {entry['cell']} {entry['trial']}")
    ns = KNOWN.get("bias_ns", 0.0) + planted + chance.gauss(0.0, KNOWN.get("spread_ns", 0.1))
    if line["params"].get("level") != "L0":
        ns += 1.15 * fake_bench.SCHEMES[line["scheme"]][0]
    difference = line.get("difference") or {}
    return {**line, "difference": {**difference, "ns": ns, "se_ns": KNOWN.get("error_ns", 0.1),
                                   "planted_ns": PLAN.get("planted_ns", 0.0) if not KNOWN.get("forgetful") else 0.0}}


def run(plan, *rest):
    PLAN.update(plan)
    return ordinary_run(plan, *rest)


fake_bench.trial_line, fake_bench.run = trial_line, run
if __name__ == "__main__":
    sys.exit(fake_bench.main())
