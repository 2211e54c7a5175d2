# SPDX-License-Identifier: MIT
"""The report's tables about the schemes themselves: contract, code, bytes. Rows and headings; the template lays them out."""
from . import contract, footprint
from .instructions import FILE, broken_promises

COUNTS = ("instructions", "bytes", "locked", "fences", "calls", "branches", "taken")


def contracts(results):
    """Families of schemes with a mark a promise: ("yes" | "no" | "word", text)."""
    families = []
    for folder, members in contract.families(results.schemes.values()).items():
        rows = []
        for scheme in members:
            words = [contract.word(scheme, column) for column in contract.COLUMNS]
            marks = [(word if word in (contract.YES, contract.NO) else "word", word) for word in words]
            rows.append({"name": scheme["name"], "marks": marks, "here": contract.availability(scheme),
                         "available": scheme["available"]})
        families.append((folder, rows))
    return {"columns": contract.COLUMNS, "families": families}


def code(results):
    """Counts of both straight lines of every scheme of the run, with the listings; `missing` says why there are none."""
    found = results.instructions
    if found is None:
        return {"missing": f"This run has no {FILE}: the binary that it measured had none beside it.", "rows": []}
    if found["why"]:
        return {"missing": f"{found['why'][0].upper()}{found['why'][1:]}.", "rows": []}
    rows = []
    for entry in found["schemes"]:
        if entry["name"] not in results.schemes:
            continue
        rows.append({
            "name": entry["name"], "sides": [[entry[side][key] for key in COUNTS] for side in ("get", "put")],
            "promised": [_promise(entry[side]["promised"]) for side in ("get", "put")],
            "off_line": entry["get"]["off_line_bytes"] + entry["put"]["off_line_bytes"],
            "broken": "; ".join(broken_promises(entry)),
            "listing": "\n".join(["try_get:", *_indented(entry["get"]), "put:", *_indented(entry["put"])]),
        })
    bytes_at = COUNTS.index("bytes")
    rows.sort(key=lambda row: (sum(side[bytes_at] for side in row["sides"]), row["name"]))
    return {"missing": None, "rows": rows, "headings": COUNTS,
            "built": f"{found['compiler']}, {found['flags']}, {found['architecture']}"}


def _indented(line):
    return [f"  {text}" for text in line["lines"]]


def _promise(value):
    return "-" if value is None else str(value)


def bytes_of(results):
    headings, rows = footprint.table(results)
    return {"headings": headings, "rows": rows, "caption": footprint.caption(results)}
