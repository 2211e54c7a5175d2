# SPDX-License-Identifier: MIT
"""`getput summary` and `getput list`: the results, and what could be measured, as text, CSV or JSON."""
import csv
import io
import json
import sys

from . import contract
from .bench import Bench
from .errors import EXIT_BAD_RESULT, EXIT_OK, note
from .results import Results
from .selection import Selection, bench_flags, describe_capture, matching

FORMATS = ("table", "csv", "json")
CSV_FIELDS = (
    "scheme", "workload", "threads", "params", "place", "unit", "median_ns", "ci_low_ns", "ci_high_ns", "ratio_to_plain",
    "ratio_to_fetch_add", "ratio_to_chain", "plain_ns", "fetch_add_ns", "chain_ns", "plain_to_fetch_add", "trials_kept",
    "trials_rejected", "verdict", "detail", "ratio_to_plain_low", "ratio_to_plain_high",
    "in_session",
)


def records(results):
    """Rows as dictionaries, in the order workload, parameters, threads, cost."""

    def key(record):
        cost = record["median_ns"] if record["median_ns"] is not None else float("inf")
        return record["workload"], record["place"], json.dumps(record["params"]), record["threads"], cost, record["scheme"]

    return sorted((row.record() for row in results.rows), key=key)


def params_text(params):
    return " ".join(f"{key}:{value}" for key, value in params.items())


def as_csv(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, CSV_FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**row, "params": params_text(row["params"])})
    return out.getvalue()


def number(value, digits=3):
    """Three significant digits without an exponent; a dash for what was not measured."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 100000:
        return f"{value:,.0f}"
    decimals = max(0, digits - 1 - int(f"{magnitude:e}".partition("e")[2]))
    return f"{value:.{min(decimals, 4)}f}"


def short_time(nanoseconds):
    """A time in the unit that people read it in: 112 ns, 12.4 µs, 5.60 ms."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{number(nanoseconds / size)} {unit}"
    return f"{number(nanoseconds)} ns"


def ratio_text(row):
    """The ratio to `plain` with its interval: what travels between machines."""
    if row["ratio_to_plain"] is None or row["ratio_to_plain_low"] is None:
        return number(row["ratio_to_plain"])
    return f"{number(row['ratio_to_plain'])} [{number(row['ratio_to_plain_low'])}, {number(row['ratio_to_plain_high'])}]"


def as_table(rows):
    """Columns of plain text, aligned; a verdict that is not OK says why."""
    header = ("scheme", "workload", "thr", "params", "median ns", "95 % interval", "/plain", "/fetch_add", "kept", "rej", "verdict")
    lines = [header]
    for row in rows:
        interval = "-" if row["ci_low_ns"] is None else f"{number(row['ci_low_ns'])} .. {number(row['ci_high_ns'])}"
        verdict = row["verdict"] + (f": {row['detail']}" if row["detail"] else "")
        place = "" if row["place"] == "compact" else f" place:{row['place']}"
        lines.append((
            row["scheme"] + ("*" if row["in_session"] else ""), row["workload"], str(row["threads"]), params_text(row["params"]) + place, number(row["median_ns"]),
            interval, ratio_text(row), number(row["ratio_to_fetch_add"]), str(row["trials_kept"]),
            str(row["trials_rejected"]), verdict,
        ))
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    right = {2, 4, 5, 6, 7, 8, 9}
    text = []
    for line in lines:
        cells = (word.rjust(w) if c in right else word.ljust(w) for c, (word, w) in enumerate(zip(line, widths)))
        text.append("  ".join(cells).rstrip())
    return "\n".join(text) + "\n"


def control_line(rows):
    """The honesty of the controls: what an uncontended fetch_add and plain cost in this run."""
    alone = [row for row in rows if row["workload"] == "pairs" and row["threads"] == 1 and row["plain_to_fetch_add"]]
    if not alone:
        return None
    from .stats import median

    plain, fetch_add, chain = (median([row[f"{name}_ns"] for row in alone]) for name in ("plain", "fetch_add", "chain"))
    share = median([row["plain_to_fetch_add"] for row in alone])
    return (f"controls, one thread: plain {number(plain)} ns, as a dependent chain {number(chain)} ns, one fetch_add "
            f"{number(fetch_add)} ns; plain is {number(share)} of a fetch_add")


def command(arguments):
    """Exit 1 when a scheme that claims to be safe is WRONG, or a cell crashed."""
    results = Results.load(arguments.directory)
    rows = records(results)
    kind = "json" if arguments.json else arguments.format
    if kind == "json":
        print(json.dumps(rows, indent=1, allow_nan=False))
    elif kind == "csv":
        sys.stdout.write(as_csv(rows))
    else:
        sys.stdout.write(as_table(rows))
        sessions = f"* {contract.IN_SESSION}" if any(row["in_session"] for row in rows) else None
        for line in filter(None, (sessions, control_line(rows), *results.packet_lines())):
            print(line)
    if results.manifest["state"] != "finished":
        note(f"this run is not finished: {results.manifest['state']}")
    return EXIT_BAD_RESULT if results.bad() else EXIT_OK


def list_command(arguments):
    """What the binary can measure here: schemes and workloads, every cell with --tree, contracts with --schemes."""
    capture = describe_capture(arguments.pcap) if arguments.pcap is not None else None
    selection = Selection(threads=arguments.threads, place=arguments.place, pcap=capture)
    listing = Bench.find(arguments.bench, bench_flags(selection)).list()
    schemes = matching("scheme", arguments.scheme, [entry["name"] for entry in listing["schemes"]])
    workloads = matching("workload", arguments.workload, [entry["name"] for entry in listing["workloads"]])
    listing["schemes"] = [entry for entry in listing["schemes"] if entry["name"] in schemes]
    listing["workloads"] = [entry for entry in listing["workloads"] if entry["name"] in workloads]
    listing["cells"] = [c for c in listing["cells"] if c["scheme"] in schemes and c["workload"] in workloads]
    if arguments.json:
        print(json.dumps({"schemes": listing["schemes"]} if arguments.schemes else listing, indent=1))
    elif arguments.schemes:
        print("\n".join(contract.text_lines(listing["schemes"])))
    elif arguments.tree:
        _print_tree(listing)
    else:
        _print_names(listing)
    return EXIT_OK


def _print_names(listing):
    width = max(len(entry["name"]) for entry in [*listing["schemes"], *listing["workloads"]])
    for title, folder in (("Schemes", "folder"), ("Workloads", None)):
        print(f"{title}:")
        for entry in listing["schemes"] if folder else listing["workloads"]:
            print(f"  {entry['name']:<{width}}  {entry['summary']}")
            if folder:
                marks = [entry["folder"], "" if entry["safe"] else "protects nothing"]
                print(f"  {'':<{width}}  {', '.join(filter(None, marks))}; from {entry['origin']}")
                if not entry["available"]:
                    print(f"  {'':<{width}}  not available here: {entry['why']}")
            else:
                for param in entry["params"]:
                    print(f"  {'':<{width}}    {param['key']}: {', '.join(map(str, param['values']))}")
    print(f"{len(listing['cells'])} cells; --tree shows each, --schemes what each scheme promises")


def _print_tree(listing):
    tiers = {0: "smoke", 1: "quick", 2: "paper"}
    for workload in listing["workloads"]:
        print(workload["name"])
        for scheme in listing["schemes"]:
            cells = [c for c in listing["cells"] if c["workload"] == workload["name"] and c["scheme"] == scheme["name"]]
            if not cells:
                continue
            print(f"  {scheme['name']}")
            for cell in cells:
                words = params_text(cell["params"]) + f" place:{cell['placement']['policy']}"
                state = tiers[cell["tier"]] if cell["possible"] else (cell["why"] or "not possible")
                print(f"    {words}  [{state}]")


