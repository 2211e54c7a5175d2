#!/usr/bin/python3 -I
# SPDX-License-Identifier: MIT
"""The stand-in binary that can be replayed, and, under the name of valgrind, what callgrind leaves of it.

The file named by GETPUT_FAKE may also say:
  added      {scheme: instructions that a get adds}     level0    instructions of a packet (default 600)
  refused    [scheme]                                   schemes that do not run under callgrind
  cpu_call   [scheme]                                   schemes that call sched_getcpu there
  bias       instructions a packet that the subject has more, at level 0 too
  unbalanced true                                       the books do not balance
  windows    n                                          callgrind leaves so many windows only
"""
import json
import os
import re
import sys
from pathlib import Path

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import fake_bench

KNOWN = fake_bench.BEHAVIOUR
PASS = 1000
START = 12345  # of a window, before the first packet
GETS = {"L0": 0.0, "L5": 4.0, "L6": 1.0, "L7": 5.0}
ORDER = (("baseline", 1), ("subject", 1), ("baseline", 2), ("subject", 2))


def document(scheme, level):
    ok = not KNOWN.get("unbalanced")
    return {"schema": "getput.replay/1", "cell": f"netpath/{scheme}/level:{level}", "baseline": "L0", "gets_per_packet": GETS[level],
            "windows": [{"arm": arm, "packets": times * PASS} for arm, times in ORDER],
            "oracle": {"ok": ok, "detail": None if ok else "sk_buffs do not balance"}}


def leave_windows(path, scheme, level):
    for number, (arm, times) in enumerate(ORDER[:KNOWN.get("windows", 4)], 1):
        added = KNOWN.get("bias", 0) + GETS[level] * KNOWN.get("added", {}).get(scheme, 10) if arm == "subject" else 0
        call = "cfn=(7) sched_getcpu\n" if scheme in KNOWN.get("cpu_call", ()) and arm == "subject" else ""
        total = START + int(times * PASS * (KNOWN.get("level0", 600) + added))
        Path(f"{path}.{number}").write_text(f"version: 1\nfn=(1) run_slice\n{call}\ntotals: {total}\n")


def main():
    words = [word for word in sys.argv[1:] if word.startswith("--getput_replay=")]
    if not words:
        return fake_bench.main()
    scheme, level = re.fullmatch(r"--getput_replay=netpath/(\w+)/.*level:(\w+)/.*", words[0]).groups()
    under_callgrind = [word for word in sys.argv if word.startswith("--callgrind-out-file=")]
    if under_callgrind:
        if scheme in KNOWN.get("refused", ()):
            print("getput-bench: not available here: no rseq", file=sys.stderr)
            return 2
        leave_windows(under_callgrind[0].partition("=")[2], scheme, level)
    print(json.dumps(document(scheme, level)))
    return int(bool(KNOWN.get("unbalanced")))


if __name__ == "__main__":
    sys.exit(main())
