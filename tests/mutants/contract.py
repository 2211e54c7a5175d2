# SPDX-License-Identifier: MIT
"""Schemes on broken machines, for the contract checks: the program getput-mutants
(tests/schemes/mutants), every test of which is a planted bug."""

import json
import pathlib
import subprocess
import tempfile

from planting import Result, Unusable

SECONDS = 1800


def examine(folder, only):
    """All results; the program runs alone, because what it hunts are races."""
    program = folder / "tests/schemes/getput-mutants"
    if not program.exists():
        raise Unusable(3, f"no {program}; build the target getput-mutants of the preset ci")
    with tempfile.TemporaryDirectory(prefix="getput-mutant-") as name:
        report = pathlib.Path(name) / "report.json"
        try:
            done = subprocess.run(
                [program, f"--gtest_output=json:{report}", f"--gtest_filter=*{only}*"],
                capture_output=True,
                text=True,
                check=False,
                timeout=SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise Unusable(3, f"getput-mutants: not done in {SECONDS} s") from None
        if not report.exists():
            raise Unusable(3, f"getput-mutants ended early:\n{done.stdout[-2000:]}{done.stderr}")
        suites = json.loads(report.read_text(encoding="utf-8"))["testsuites"]
    return [result_of(test) for suite in suites for test in suite["testsuite"]]


def result_of(test):
    if "scheme" not in test:
        raise Unusable(
            2, f"getput-mutants: {test['classname']}.{test['name']} is not made by plant()"
        )
    caught = [] if "failures" in test else [test["check"]]
    skipped = ""
    if test["result"] == "SKIPPED":
        caught, skipped = [], "not possible here, see ctest"
    after = f"{test.get('runs', 0)} runs, {float(test['time'].rstrip('s')):.1f} s"
    return Result(test["scheme"], test["name"], "contract", test["repeats"], caught, after, skipped)
