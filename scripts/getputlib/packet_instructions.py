# SPDX-License-Identifier: MIT
"""`getput instructions`: how many instructions a level and a scheme add to a packet.

Beside nanoseconds this is a second measure, and a deterministic one. It is counted where callgrind executes what is timed. Elsewhere
it is computed: what `none` adds at that level, and for each reference what the scheme's pair has more than that of `none`
(instructions.json).
"""
import csv
import io
import json
import sys
from dataclasses import asdict, dataclass

from . import callgrind, instructions
from .bench import Bench
from .errors import EXIT_OK, bad_request, note
from .selection import PROFILES, Selection, bench_flags, describe_capture, matching
from .summary import params_text
from .words import aligned, counted

SCHEMA = "getput.packet_instructions/1"
FORMATS = ("table", "csv", "json")
COUNTED, COMPUTED = "counted", "computed"
REFERENCE = "none"  # the scheme whose level is counted where another one's cannot be


@dataclass(frozen=True)
class Row:
    """One cell, instructions per packet. None: neither counted nor computed, and why says it."""

    cell: str
    scheme: str
    level: str
    params: str
    method: str | None
    level0: float | None
    added: float | None
    gets_per_packet: float
    added_per_get: float | None
    pair: int | None  # get and put of instructions.json, both as functions of their own
    why: str | None


def pairs(bench):
    """{scheme: instructions of its get and put}, of the schemes whose pair calls nothing."""
    found = instructions.read(bench.path.parent / instructions.FILE) or {"schemes": []}
    return {entry["name"]: entry["get"]["instructions"] + entry["put"]["instructions"]
            for entry in found["schemes"] if not entry["get"]["calls"] + entry["put"]["calls"]}


def select(listing, arguments):
    """The cells to count: one worker, since another one changes no instruction; possible here; of the tier, or of --level."""
    cells = [c for c in listing["cells"] if c["workload"] == "netpath" and c["params"]["threads"] == 1]
    schemes = matching("scheme", arguments.scheme, {cell["scheme"] for cell in cells})
    levels = matching("level", arguments.level, {cell["params"]["level"] for cell in cells})
    names = matching("cell", arguments.cell, {cell["name"] for cell in cells})
    tier = PROFILES["paper" if arguments.paper or arguments.cell else "quick"].tier
    asked = [c for c in cells if c["scheme"] in schemes and c["params"]["level"] in levels and c["name"] in names]
    chosen = [c for c in asked if c["possible"] and c["tier"] <= tier]
    if not chosen:
        why = next((cell["why"] for cell in asked if cell["why"]), "see `getput list --tree`; --paper takes more of them")
        raise bad_request(f"no cell fits this request: {why}")
    return chosen


class Counter:
    """Counts cells, each once: the cells of `none` are needed for those that are computed, too."""

    def __init__(self, bench):
        self.bench, self.pairs, self.replays = bench, pairs(bench), {}

    def replay(self, name):
        if name not in self.replays:
            self.replays[name] = callgrind.replay(self.bench, name)
        return self.replays[name]

    def row(self, cell):
        found = self.replay(cell["name"])
        method, level0, added = COUNTED, found.level0, found.added
        if found.why is not None:
            method, level0, added = self.compute(cell, found)
        gets, params = found.gets_per_packet, {key: value for key, value in cell["params"].items() if key not in ("level", "threads")}
        return Row(cell["name"], cell["scheme"], cell["params"]["level"], params_text(params), method, level0, added, gets,
                   added / gets if added is not None and gets else None, self.pairs.get(cell["scheme"]), found.why)

    def compute(self, cell, found):
        """(method, level 0, added) of a cell that callgrind does not execute as it is timed."""
        if cell["scheme"] not in self.pairs or REFERENCE not in self.pairs:
            return None, None, None
        reference = self.replay(cell["name"].replace(f"/{cell['scheme']}/", f"/{REFERENCE}/", 1))
        more = self.pairs[cell["scheme"]] - self.pairs[REFERENCE]
        return COMPUTED, reference.level0, reference.added + found.gets_per_packet * more


def _number(value):
    return "-" if value is None else f"{value:.2f}"


def as_table(rows):
    header = ("scheme", "level", "params", "level 0", "added", "gets/packet", "added/get", "pair", "method")
    lines = [header]
    for row in rows:
        method = f"{row.method or 'not known'}: {row.why}" if row.why else row.method
        lines.append((row.scheme, row.level, row.params, _number(row.level0), _number(row.added), f"{row.gets_per_packet:.4f}",
                      _number(row.added_per_get), str(row.pair or "-"), method))
    return "\n".join(aligned(lines, right=(3, 4, 5, 6, 7))) + "\n"


def as_csv(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, list(Row.__dataclass_fields__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return out.getvalue()


def as_json(rows):
    return json.dumps({"schema": SCHEMA, "unit": "instructions/packet", "cells": [asdict(row) for row in rows]}, indent=1,
                      allow_nan=False) + "\n"


def count(bench, cells):
    """The rows of the cells, with a line of progress for each."""
    counter, rows = Counter(bench), []
    note(f"getput instructions: {counted(len(cells), 'cell')} under callgrind, some seconds each")
    for number, cell in enumerate(cells, 1):
        rows.append(counter.row(cell))
        note(f"getput instructions: {number}/{len(cells)} {cell['name']}")
    return sorted(rows, key=lambda row: (row.params, row.level, float("inf") if row.added is None else row.added, row.scheme))


def command(arguments):
    callgrind.require()
    capture = describe_capture(arguments.pcap) if arguments.pcap is not None else None
    bench = Bench.find(arguments.bench, bench_flags(Selection(threads="1", pcap=capture)))
    rows = count(bench, select(bench.list(), arguments))
    kind = "json" if arguments.json else arguments.format
    sys.stdout.write({"table": as_table, "csv": as_csv, "json": as_json}[kind](rows))
    return EXIT_OK
