# SPDX-License-Identifier: MIT
"""`getput list`: what could be measured here."""
import json

from . import contract, quick_cover
from .bench import Bench
from .errors import EXIT_BAD_RESULT, EXIT_OK
from .levels import Levels
from .selection import Selection, bench_flags, describe_capture, matching
from .words import params_text


def command(arguments):
    """What the binary can measure here: schemes and workloads, every cell with --tree, contracts with --schemes."""
    capture = describe_capture(arguments.pcap) if arguments.pcap is not None else None
    selection = Selection(threads=arguments.threads, place=arguments.place, pcap=capture, traffic=arguments.traffic, local=arguments.local)
    listing = Bench.find(arguments.bench, bench_flags(selection)).list()
    schemes = matching("scheme", arguments.scheme, [entry["name"] for entry in listing["schemes"]])
    workloads = matching("workload", arguments.workload, [entry["name"] for entry in listing["workloads"]])
    if arguments.check_quick:
        return _check_quick(listing)
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


def _check_quick(listing):
    """Exit 1 when the binary's tiers leave out of quick what it has to hold of netpath."""
    missing = list(quick_cover.gaps(listing))
    for line in missing:
        print(f"quick lacks: {line}")
    return EXIT_BAD_RESULT if missing else EXIT_OK


def _print_names(listing):
    levels = Levels(listing["workloads"])
    width = max(len(entry["name"]) for entry in [*listing["schemes"], *listing["workloads"]])
    for title, folder in (("Schemes", "folder"), ("Workloads", None)):
        print(f"{title}:")
        for entry in listing["schemes"] if folder else listing["workloads"]:
            print(f"  {entry['name']:<{width}}  {entry['summary']}")
            if folder:
                marks = [entry["folder"], "another project's code" if contract.is_peer(entry) else "",
                         "" if entry["safe"] else "protects nothing"]
                print(f"  {'':<{width}}  {', '.join(filter(None, marks))}; from {entry['origin']}")
                if not entry["available"]:
                    print(f"  {'':<{width}}  not available here: {entry['why']}")
            else:
                for param in entry["params"]:
                    print(f"  {'':<{width}}    {param['key']}: {', '.join(map(str, param['values']))}")
                for level in entry.get("levels", ()):
                    print(f"  {'':<{width}}    {levels.name(level['id'])}: {level['summary']}{'' if level['timed'] else ' (computed)'}")
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


