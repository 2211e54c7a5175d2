# SPDX-License-Identifier: MIT
"""`getput summary`: the results as text, CSV, JSON or LaTeX."""
import csv
import io
import json
import sys

from . import answer, contract, headline, headline_text, self_test, stats
from .errors import EXIT_BAD_RESULT, EXIT_OK, EXIT_UNDERPOWERED, bad_request, note
from .results import Results
from .row import CONTROLS
from .words import aligned, number, params_text

FORMATS = ("table", "csv", "json", "latex")
CSV_FIELDS = (
    "cell", "scheme", "workload", "threads", "place", "unit", "median_ns", "ci_low_ns", "ci_high_ns", "n", "interval_kind", "min_ns",
    "max_ns", "variation", "floor_ns", "floor_n", *(f"ratio_to_{name}" for name in CONTROLS), *(f"{name}_ns" for name in CONTROLS),
    "plain_to_fetch_add", "trials_kept", "trials_rejected", "verdict", "detail", "ratio_to_plain_low", "ratio_to_plain_high",
    "in_session", *headline_text.FIELDS, "level_name",
)


def record(row, added, level_name=None):
    """A row as `summary --format json` prints it; `added` are the columns of the headline."""
    floor, trials = row.at_floor(), [trial["ns_per_op"] for trial in row.kept]
    ratio_low, ratio_high = stats.interval(row.ratios("plain")).bounds
    return {
        "scheme": row.scheme, "workload": row.workload, "threads": row.threads,
        "params": {key: value for key, value in row.params.items() if key != "threads"},
        "place": row.place, "cell": row.cell["name"], "unit": row.unit,
        "median_ns": row.estimate.point, "ci_low_ns": row.estimate.low, "ci_high_ns": row.estimate.high, "n": row.estimate.n,
        "interval_kind": row.estimate.kind, "min_ns": min(trials, default=None), "max_ns": max(trials, default=None),
        "mad_ns": stats.median_absolute_deviation(row.values), "variation": stats.variation(row.values),
        "floor_ns": stats.median(floor), "floor_n": len(floor),
        **{f"ratio_to_{name}": row.ratio(name) for name in CONTROLS}, **{f"{name}_ns": row.control_ns(name) for name in CONTROLS},
        "ratio_to_plain_low": ratio_low, "ratio_to_plain_high": ratio_high,
        "plain_to_fetch_add": stats.median_of_ratios(row.control("plain"), row.control("fetch_add")),
        **added, "trials_kept": len(row.kept), "trials_rejected": row.rejected,
        "verdict": row.verdict, "detail": row.detail(), "packets_a_pass": row.packets(), "in_session": row.in_session,
        "level_name": level_name,
    }


def records(results):
    """Rows as dictionaries, in the order workload, parameters, threads, cost."""
    told = {one.cell: headline_text.fields(one) for one in headline.table(results)}

    def key(found):
        cost = found["median_ns"] if found["median_ns"] is not None else float("inf")
        return found["workload"], found["place"], json.dumps(found["params"]), found["threads"], cost, found["scheme"]

    def of(row):
        return record(row, told.get(row.cell["name"]) or headline_text.added_fields(row), results.levels.word(row.params.get("level")) or None)

    return sorted(map(of, results.rows), key=key)


def as_csv(rows):
    """One line a cell, one column a parameter; a parameter that is named like a column is param_NAME."""
    columns = {key: f"param_{key}" if key in CSV_FIELDS else key for row in rows for key in row["params"]}
    out = io.StringIO()
    writer = csv.DictWriter(out, (*CSV_FIELDS[:5], *columns.values(), *CSV_FIELDS[5:]), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, **{columns[key]: value for key, value in row["params"].items()}})
    return out.getvalue()


def short_time(nanoseconds):
    """A time in the unit that people read it in: 112 ns, 12.4 µs, 5.60 ms."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{number(nanoseconds / size)} {unit}"
    return f"{number(nanoseconds)} ns"


def ratio_text(row):
    """The ratio to `plain` with its interval."""
    if row["ratio_to_plain"] is None or row["ratio_to_plain_low"] is None:
        return number(row["ratio_to_plain"])
    return f"{number(row['ratio_to_plain'])} [{number(row['ratio_to_plain_low'])}, {number(row['ratio_to_plain_high'])}]"


def interval_text(row):
    """The bounds of the median; a range of fewer than 6 values is marked as such."""
    if row["ci_low_ns"] is None:
        return "-"
    bounds = f"{number(row['ci_low_ns'])} .. {number(row['ci_high_ns'])}"
    return bounds if row["interval_kind"] == stats.CONFIDENT else f"range {bounds}"


def as_table(rows):
    """Columns of plain text, aligned; a verdict that is not OK says why."""
    header = ("scheme", "workload", "thr", "params", "median ns", "95 % interval", "n", "/plain", "/fetch_add", "/lock_xadd", "rej",
              "verdict")
    lines = [header]
    for row in rows:
        verdict = row["verdict"] + (f": {row['detail']}" if row["detail"] else "")
        place = "" if row["place"] == "compact" else f" place:{row['place']}"
        lines.append((
            row["scheme"] + ("*" if row["in_session"] else ""), row["workload"], str(row["threads"]), params_text(row["params"]) + place,
            number(row["median_ns"]), interval_text(row), str(row["n"]), ratio_text(row), number(row["ratio_to_fetch_add"]),
            number(row["ratio_to_lock_xadd"]), str(row["trials_rejected"]), verdict,
        ))
    return "\n".join(aligned(lines, right=(2, 4, 5, 6, 7, 8, 9, 10))) + "\n"


def control_line(rows):
    """What the controls cost in this run, with one thread."""
    alone = [row for row in rows if row["workload"] == "pairs" and row["threads"] == 1 and row["plain_to_fetch_add"]]
    if not alone:
        return None
    names = {"plain": "plain", "chain": "as a dependent chain", "fetch_add": "one fetch_add", "lock_xadd": "one lock xadd"}
    costs = [f"{words} {number(stats.median(found))} ns" for name, words in names.items()
             if (found := [row[f"{name}_ns"] for row in alone if row[f"{name}_ns"]])]
    share = stats.median([row["plain_to_fetch_add"] for row in alone])
    return f"controls, one thread: {', '.join(costs)}; plain is {number(share)} of a fetch_add"


def _print_text(results, rows):
    for line in answer.lines(results):
        print(line)
    for line in headline_text.lines(headline.table(results), headline.resolution(results), results.levels):
        print(line)
    sys.stdout.write(as_table(rows))
    sessions = f"* {contract.IN_SESSION}" if any(row["in_session"] for row in rows) else None
    for line in filter(None, (sessions, control_line(rows), *results.packet_lines(), *results.all_dropped())):
        print(line)


def _self_test(results, as_json):
    """Prints L5 + L6 against L7; exit 1 when it fails, 4 when this run cannot tell, 2 when nothing can be tested."""
    tests, controls = self_test.run(results), self_test.null_controls(results)
    told = self_test.decisive(tests)
    if as_json:
        print(json.dumps({
            "tests": [{**vars(test), "gap": test.gap.record() if test.gap else None} for test in tests],
            "none_against_none": [{**vars(one), "split": one.split.record(), "floor_ns": one.floor_ns} for one in controls],
        }, indent=1, allow_nan=False))
    elif tests:
        print("\n".join(headline_text.self_test_lines(tests, controls, results.levels)))
    if not told:
        raise bad_request(f"{results.directory.path} has no scheme with L5, L6 and L7 at one worker: measure netpath with --paper")
    if self_test.failed(tests):
        return EXIT_BAD_RESULT
    return EXIT_UNDERPOWERED if any(test.verdict == self_test.CANNOT_TELL for test in told) else EXIT_OK


def _answer(results, kind):
    """The answer alone, every scheme; a run without it is a bad request."""
    if not answer.Answer(results).levels:
        raise bad_request(f"{results.directory.path} has no packets that were charged for a reference: measure netpath")
    if kind == "json":
        print(answer.as_json(results))
    elif kind == "csv":
        sys.stdout.write(answer.as_csv(results))
    elif kind == "latex":
        from . import latex  # with the figures' modules, which take longer than all else

        sys.stdout.write(latex.headline_tables(results))
    else:
        print("\n".join(answer.lines(results)))
    return EXIT_OK


def command(arguments):
    """Exit 1 when a scheme that claims to be safe is WRONG, or a cell crashed."""
    results = Results.load(arguments.directory)
    if arguments.self_test:
        return _self_test(results, arguments.json)
    kind = "json" if arguments.json else arguments.format
    if arguments.answer:
        return _answer(results, kind)
    if kind == "latex":
        sys.stdout.write(headline_text.as_latex(headline.table(results), results.levels))
    else:
        rows = records(results)
        if kind == "json":
            print(json.dumps(rows, indent=1, allow_nan=False))
        elif kind == "csv":
            sys.stdout.write(as_csv(rows))
        else:
            _print_text(results, rows)
    if results.manifest["state"] != "finished":
        note(f"this run is not finished: {results.manifest['state']}")
    return EXIT_BAD_RESULT if results.bad() else EXIT_OK
