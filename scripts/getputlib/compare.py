# SPDX-License-Identifier: MIT
"""`getput compare A B`: is B faster, slower, the same, or can these trials not tell?"""
import json
import math

from . import stats
from .errors import EXIT_BAD_RESULT, EXIT_OK, bad_request, note
from .results import Results
from .summary import number, params_text

FASTER, SLOWER, SAME, CANNOT_TELL = "faster", "slower", "same", "cannot tell"
METRICS = ("ratio_to_plain", "ratio_to_fetch_add", "ns")
LEAST_TRIALS = 5


def sample(row, metric):
    """The kept trials as nanoseconds, or each over the control of its own trial."""
    if metric == "ns":
        return row.values
    controls = row.control(metric.removeprefix("ratio_to_"))
    return [value / control for value, control in zip(row.values, controls) if control]


def judge(entry, alpha, least_effect):
    """Significant and large enough: faster or slower. Certainly small: same. Else nobody can tell."""
    if entry["p_holm"] < alpha and abs(entry["shift"]) >= least_effect:
        return FASTER if entry["shift"] < 0 else SLOWER
    low, high = entry["shift_interval"]
    if -least_effect < low and high < least_effect:
        return SAME
    return CANNOT_TELL


def compare(first, second, metric, alpha, least_effect):
    """One entry a cell that both runs measured, with verdicts corrected over all of them."""
    others = {row.cell["name"]: row for row in second.rows}
    entries = []
    for row in first.rows:
        other = others.get(row.cell["name"])
        if other is None or not row.shown or not other.shown:
            continue
        a, b = sample(row, metric), sample(other, metric)
        if min(len(a), len(b)) < LEAST_TRIALS:
            continue
        low, high = stats.relative_shift_interval(a, b)
        entries.append({
            "cell": row.cell["name"], "scheme": row.scheme, "workload": row.workload, "threads": row.threads,
            "params": {key: value for key, value in row.params.items() if key != "threads"}, "metric": metric,
            "trials": [len(a), len(b)], "medians": [stats.median(a), stats.median(b)],
            "shift": stats.hodges_lehmann(a, b) / stats.median(a), "shift_interval": [low, high],
            "cliffs_delta": stats.cliffs_delta(a, b), "p": stats.mann_whitney(a, b),
        })
    for entry, p_holm in zip(entries, stats.holm([entry["p"] for entry in entries])):
        entry["p_holm"] = p_holm
        entry["verdict"] = judge(entry, alpha, least_effect)
    return entries


def smallest_p(count_a, count_b):
    """The smallest p that Mann-Whitney can give for so few trials."""
    return 2.0 / math.comb(count_a + count_b, count_a)


def remarks(first, second, entries, alpha, metric):
    """What the reader must know before believing the verdicts."""
    a, b = first.env["machine"], second.env["machine"]
    if (a["hostname"], a["cpu"]["model"]) != (b["hostname"], b["cpu"]["model"]):
        yield "the two runs are from different machines"
    if first.env["binary"]["sha256"] == second.env["binary"]["sha256"]:
        yield "the two runs are of the same binary: a difference is noise or the machine's"
    if metric == "ns":
        yield "nanoseconds drift with the machine; ratios to the run's own controls do not"
    compared = {entry["cell"] for entry in entries}
    left = [row for row in first.rows if row.cell["name"] not in compared]
    if left:
        yield f"{len(left)} cells of the first run could not be compared (not measured in both, or fewer than {LEAST_TRIALS} trials)"
    if entries:
        reachable = smallest_p(*min((entry["trials"] for entry in entries), key=sum)) * len(entries)
        if reachable >= alpha:
            yield (f"with so few trials and {len(entries)} cells no difference can be significant at {alpha:g}: "
                   "measure more trials (--trials), or select fewer cells")


def _print(entries):
    order = {SLOWER: 0, FASTER: 1, CANNOT_TELL: 2, SAME: 3}
    for entry in sorted(entries, key=lambda e: (order[e["verdict"]], -abs(e["shift"]))):
        low, high = entry["shift_interval"]
        name = f"{entry['workload']}/{entry['scheme']} threads:{entry['threads']} {params_text(entry['params'])}"
        print(f"{entry['verdict']:<11} {100 * entry['shift']:+7.1f} % [{100 * low:+.1f}, {100 * high:+.1f}]  "
              f"p {entry['p_holm']:.2g}  delta {entry['cliffs_delta']:+.2f}  "
              f"{number(entry['medians'][0])} -> {number(entry['medians'][1])}  {name}")
    counts = {verdict: sum(entry["verdict"] == verdict for entry in entries) for verdict in order}
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))


def command(arguments):
    """Exit 1 with --fail-if-slower when a cell is slower, and always when B has a WRONG scheme."""
    first, second = Results.load(arguments.first), Results.load(arguments.second)
    entries = compare(first, second, arguments.metric, arguments.alpha, arguments.min_effect / 100.0)
    if not entries:
        raise bad_request(f"{arguments.first} and {arguments.second} have no cell that both measured at least {LEAST_TRIALS} times")
    for remark in remarks(first, second, entries, arguments.alpha, arguments.metric):
        note(f"note: {remark}")
    if arguments.json:
        print(json.dumps(entries, indent=1, allow_nan=False))
    else:
        _print(entries)
    slower = any(entry["verdict"] == SLOWER for entry in entries)
    return EXIT_BAD_RESULT if second.wrong_schemes() or (slower and arguments.fail_if_slower) else EXIT_OK
