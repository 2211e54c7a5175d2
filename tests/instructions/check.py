#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Has FileCheck prove what one scheme promises about its straight lines.

check.py --filecheck FileCheck-14 --instructions instructions.json --scheme NAME --work FOLDER

Writes the listing of try_get and of put and the checks that follow from SchemeInfo, then runs
FileCheck. Of N promised locked instructions there have to be exactly N, and no call anywhere. What
a scheme does not promise is not checked. Ends with FileCheck's exit code.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

# Anchored at the mnemonic: names of functions may contain these words.
LOCKED = r"{{^((lock|xchg[a-z]*) .*\(|mfence)}}"
CALL = r"{{^call}}"


def listing(entry):
    for side in ("get", "put"):
        yield f"begin {side}"
        yield from entry[side]["lines"]
        yield f"end {side}"


def checks(entry):
    for side in ("get", "put"):
        promised = entry[side]["promised"]
        yield f"CHECK: begin {side}"
        for _ in range(promised or 0):
            yield f"CHECK-NOT: {CALL}"
            yield f"CHECK: {LOCKED}"
        if promised is not None:
            yield f"CHECK-NOT: {LOCKED}"
            yield f"CHECK-NOT: {CALL}"
        yield f"CHECK: end {side}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("filecheck", "instructions", "scheme", "work"):
        parser.add_argument(f"--{name}", required=True)
    asked = parser.parse_args()
    schemes = {entry["name"]: entry for entry in json.loads(Path(asked.instructions).read_text())["schemes"]}
    entry = schemes[asked.scheme]
    work = Path(asked.work)
    work.mkdir(parents=True, exist_ok=True)
    code, wanted = work / f"{asked.scheme}.s", work / f"{asked.scheme}.check"
    code.write_text("\n".join(listing(entry)) + "\n")
    wanted.write_text("\n".join(checks(entry)) + "\n")
    for side in ("get", "put"):
        line = entry[side]
        promise = "no promise" if line["promised"] is None else f"promised {line['promised']} locked and no call"
        print(f"{asked.scheme} {side}: {line['instructions']} instructions, {line['bytes']} bytes, {line['locked']} locked, "
              f"{line['calls']} calls, {line['taken']} branches taken; {promise}", flush=True)
    return subprocess.run([asked.filecheck, wanted, "--input-file", code], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
