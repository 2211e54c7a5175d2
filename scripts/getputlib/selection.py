# SPDX-License-Identifier: MIT
"""From what the user asked for to the cells of the binary's list."""
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from .environment import allowed_cpus, cpu_list
from .errors import REPOSITORY, bad_request, unknown_name
from .files import file_sha256
from .words import counted


@dataclass(frozen=True)
class Profile:
    """How much to measure. Tiers are the binary's: 0 smoke, 1 quick, 2 paper.

    A trial is one visit of a cell by a process of its own, so trials and processes of a cell are one number.
    """

    name: str
    tier: int
    least: int  # kept trials a cell for which intervals say "95 %"
    wanted: int  # trials a cell that shorter slices are accepted for: other processes meet the machine in other states
    most: int
    budget_s: float | None  # what the plan is fitted to
    deadline_s: float | None  # when a run stops starting new processes
    netpath_s: float | None = None  # the budget where only netpath was asked for
    settle_s: float = 20.0  # the longest wait for a calm machine
    hunt_s: float = 5.0  # the longest hunt for one unsafe scheme


PROFILES = {
    "smoke": Profile("smoke", 0, 6, 6, 9, 58.0, 72.0, settle_s=5.0, hunt_s=3.0),
    "quick": Profile("quick", 1, 6, 12, 20, 330.0, 358.0, netpath_s=275.0),
    "paper": Profile("paper", 2, 30, 30, 30, None, None, hunt_s=30.0),
}
ASKED = ("scheme", "workload", "threads", "place", "trials", "traffic", "local")  # the options that a plan remembers
PEERS_WANTED = "GETPUT_PEERS"  # set by scripts/run --peers: the binary that will be built has bench/peers
DEADLINE_SLACK = 1.07  # a deadline lies this far behind the budget that the plan was fitted to


def budget_of(profile, workloads):
    """(seconds that the plan is fitted to, seconds until the run is cut); (None, None) without a limit."""
    if profile.netpath_s is not None and set(workloads) == {"netpath"}:
        return profile.netpath_s, DEADLINE_SLACK * profile.netpath_s
    return profile.budget_s, profile.deadline_s


@dataclass(frozen=True)
class Selection:
    """What was asked for; stored in plan.json, so that --resume cannot silently mean something else."""

    profile: str = "quick"
    scheme: str | None = None
    workload: str | None = None
    threads: str | None = None
    place: str | None = None
    trials: int | None = None
    pcap: dict | None = None
    traffic: str | None = None
    local: int | None = None

    def as_json(self):
        return asdict(self)


def describe_capture(path):
    """Identity of a capture file. Whether it is a capture at all is for the binary to say."""
    file = Path(path)
    if not file.exists():
        raise bad_request(f"no such capture: {path}")
    if not file.is_file():
        raise bad_request(f"{path} is not a file; --pcap takes one capture file")
    try:
        return {"path": str(file.absolute()), "bytes": file.stat().st_size, "sha256": file_sha256(file)}
    except OSError as error:
        raise bad_request(f"cannot read {path}: {error.strerror}")


def check_place(text):
    """Refuses a placement that names a CPU which does not exist or is not allowed, and one that is empty."""
    if not text.strip():
        raise bad_request("--place needs a placement policy; see `getput run --help`")
    for match in re.finditer(r"list:([0-9]+(?:,[0-9]+)*)", text):
        allowed = allowed_cpus()
        for cpu in map(int, match.group(1).split(",")):
            if cpu not in allowed:
                raise bad_request(f"--place {match.group(0)}: this process may not use CPU {cpu}; allowed: {cpu_list(allowed)}")


def parse_threads(text):
    """`1,2,max` or `1-4` as numbers; more threads than allowed CPUs is an error, never a silent clamp."""
    allowed = allowed_cpus()
    counts = []
    for word in text.split(","):
        first, dash, last = (part.strip().replace("max", str(len(allowed))) for part in word.partition("-"))
        if not first.isdigit() or int(first) < 1 or (dash and (not last.isdigit() or int(last) < int(first))):
            raise bad_request(f"--threads {text}: '{word.strip()}' is neither a number from 1 on, nor a range, nor 'max'")
        counts.extend(range(int(first), int(last or first) + 1))
    too_many = [count for count in counts if count > len(allowed)]
    if too_many:
        raise bad_request(f"--threads {too_many[0]}: this process may use {counted(len(allowed), 'CPU')} ({cpu_list(allowed)})")
    return sorted(set(counts))


def bench_flags(selection):
    """The flags that change which cells the binary has; the same for --getput_list and a plan."""
    flags = []
    if selection.threads is not None:
        flags.append("--getput_threads=" + ",".join(map(str, parse_threads(selection.threads))))
    if selection.place is not None:
        check_place(selection.place)
        flags.append(f"--getput_place={selection.place}")
    if selection.pcap:
        flags.append(f"--getput_pcap={selection.pcap['path']}")
    if selection.traffic is not None:
        flags.append(f"--getput_traffic={selection.traffic}")
    if selection.local is not None:
        flags.append(f"--getput_local={selection.local:g}")
    return flags


def matching(kind, pattern, known):
    """The known names that a comma-separated list of names or regular expressions chooses.

    An exact name chooses itself alone; anything else is searched for as an expression.
    """
    if pattern is None:
        return set(known)
    chosen = set()
    for part in filter(None, (word.strip() for word in pattern.split(","))):
        if part in known:
            chosen.add(part)
            continue
        try:
            found = {name for name in known if re.search(part, name)}
        except re.error as error:
            raise bad_request(f"--{kind} {part}: not a regular expression ({error})")
        if not found:
            raise unknown_name(kind, part, known)
        chosen |= found
    if not chosen:
        raise unknown_name(kind, pattern, known)
    return chosen


def select_cells(listing, selection):
    """(cells of the profile's tier, remarks). A request that no cell of the tier meets takes the next tier."""
    schemes = matching("scheme", selection.scheme, [entry["name"] for entry in listing["schemes"]])
    workloads = matching("workload", selection.workload, [entry["name"] for entry in listing["workloads"]])
    tier = PROFILES[selection.profile].tier
    named = [c for c in listing["cells"] if c["scheme"] in schemes and c["workload"] in workloads]
    chosen, remarks = [], []
    for workload in sorted(workloads):
        cells = [cell for cell in named if cell["workload"] == workload]
        within = [cell for cell in cells if cell["tier"] <= tier]
        if cells and not within and (selection.threads or selection.place):
            lowest = min(cell["tier"] for cell in cells)
            within = [cell for cell in cells if cell["tier"] == lowest]
            remarks.append(f"{workload}: no cell of tier {tier} fits the request, so tier {lowest} is taken")
        chosen.extend(within)
    if not chosen:
        raise bad_request("no cell fits this request; `getput list --tree` shows what there is")
    return chosen, remarks


def known_before_build():
    """(schemes, workloads) that the sources name, for checking a request before anything is built; peers where they will be built."""
    text = (REPOSITORY / "schemes/CMakeLists.txt").read_text(encoding="utf-8")
    schemes = [path.split("/")[1] for path in re.findall(r"^ *getput_scheme\(([a-z_]+/[a-z0-9_]+)", text, re.M)]
    if os.environ.get(PEERS_WANTED):
        peers = (REPOSITORY / "bench/peers/CMakeLists.txt").read_text(encoding="utf-8")
        schemes += [name for names in re.findall(r"^peers_of\(\S+ \S+ ([a-z0-9_ ]+)\)", peers, re.M) for name in names.split()]
    folders = sorted(path.name for path in (REPOSITORY / "bench/workloads").iterdir() if path.is_dir())
    return schemes, [name for name in folders if name != "kit"]


def check_request(selection):
    """Every fault of a request that can be found without the binary; raises bad_request."""
    schemes, workloads = known_before_build()
    matching("scheme", selection.scheme, schemes)
    matching("workload", selection.workload, workloads)
    bench_flags(selection)
