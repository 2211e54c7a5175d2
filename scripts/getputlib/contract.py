# SPDX-License-Identifier: MIT
"""A scheme's promises (SchemeInfo) in words: for `getput list --schemes` and the report's contract table.

COLUMNS is the one list of what is shown and how; a new entry of SchemeInfo becomes a line here.
Standard library only: `list` needs nothing else.
"""
import re
from dataclasses import dataclass

PROPOSED = "proposed"  # how the generation of a scheme that no kernel has begins
PEERS = "peers"  # the folder of schemes that are another project's (docs/peers.md)
YES, NO, UNTOLD = "yes", "no", "not told"


@dataclass(frozen=True)
class Column:
    """One promise: its key in the list document, a short heading, and what it means."""

    key: str
    heading: str
    meaning: str
    words: dict | None = None  # what the binary's words mean, for columns that are not yes or no


PROGRESS = {"wait_free": "wait-free", "lock_free": "lock-free", "blocking": "blocking"}
COLUMNS = (
    Column("safe", "protects", "it protects the module; controls and the count of 2.2 do not"),
    Column("removal", "removal", "it has a removal side: stop and drained mean something"),
    Column("shared_by_threads", "shared", "one object may be used by several threads"),
    Column("put_on_other_thread", "put elsewhere", "the ticket may be handed over and put by another thread"),
    Column("put_on_other_cpu", "migration", "the holder may migrate to another CPU between get and put"),
    Column("hold_across_sleep", "sleep", "the holder may sleep without holding up unrelated work"),
    Column("try_stop", "try_stop", "it can determine that no reference is held, and remove, without waiting"),
    Column("spurious_failure", "spurious failure", "try_get may fail during a removal that then fails"),
    Column("certain_after_stop", "certain after stop", "no try_get that starts after stop() succeeds"),
    Column("get_while_going", "get while going", "holders may take more references while the remover waits"),
    Column("fork_any_moment", "fork", "the child of a fork may use it, whatever other threads were doing; else only if none was inside an operation"),
    Column("get_allocates", "get allocates", "a get may allocate memory, so a signal handler must not call it"),
    Column("destroy_when_drained", "destroy at drain",
           "the object may be destroyed as soon as it is drained; else after a grace period"),
    Column("count", "count", "how exact the count is while references move", {
        "exact": "exact", "never_too_low": "never too low", "approximate": "approximate", "not_possible": "none"}),
    Column("zero", "zero found by", "which operation detects that the last reference was put", {
        "last_put": "last put", "remover_sum": "remover's sum", "after_switch": "last put after a switch",
        "grace_period": "grace period", "never": "none"}),
    Column("overflow", "overflow", "what happens when more references are taken than the counter holds", {
        "wraps": "wraps", "sum_wraps": "sum stays right", "saturates": "saturates", "no_counter": "no counter"}),
    Column("get_progress", "get progress", "how far try_get can be held up by other threads", PROGRESS),
    Column("put_progress", "put progress", "how far put can be held up by other threads", PROGRESS),
    Column("stop_progress", "stop progress", "how far stop can be held up by other threads", PROGRESS),
    Column("needs_rseq", "rseq", "needs restartable sequences"),
    Column("needs_membarrier", "membarrier", "needs membarrier(2)"),
    Column("needs_stop_machine", "signals", "its removal signals every registered thread and waits until all stand still"),
    Column("needs_registration", "registration", "threads register before they use it"),
    Column("session", "session", "its pairs are timed inside what a caller has to have anyway: the lock that it counts under, or a thread that is online"),
)
# What a dagger behind a name (an asterisk in a terminal) says, wherever pairs are shown.
IN_SESSION = ("timed inside a session, that is, with something that the caller has to have anyway: the lock that this scheme counts "
              "under, or a thread that is online. A caller who has it only for this pays more than is shown")
SESSION = f"† {IN_SESSION}"
BY_KEY = {column.key: column for column in COLUMNS}
NEEDS = tuple(column for column in COLUMNS if column.key.startswith("needs_"))


def word(scheme, column):
    """What a scheme says to a column."""
    value = scheme.get(column.key)
    if value is None:
        return UNTOLD
    if isinstance(value, bool):
        return YES if value else NO
    return column.words.get(value, str(value))


def is_peer(scheme):
    """Is it another project's code, measured beside the schemes of this one?"""
    return scheme.get("folder") == PEERS


GUARD, TRANSFERABLE, EXACT_ZERO = "guard", "transferable", "exact zero"
CLASSES = {
    GUARD: "the thread that entered has to leave",
    TRANSFERABLE: "another thread may put; a remover detects that the last reference is gone",
    EXACT_ZERO: "another thread may put; the last put detects that it is the last",
}


def class_of(scheme):
    """The class of contract that a scheme competes in; None for controls and for what protects or removes nothing."""
    if scheme["control"] or not scheme["safe"] or not scheme.get("removal"):
        return None
    if not scheme.get("put_on_other_thread"):
        return GUARD
    return EXACT_ZERO if scheme.get("zero") == "last_put" else TRANSFERABLE


def needs(scheme):
    return ", ".join(column.heading for column in NEEDS if scheme.get(column.key)) or "nothing"


def availability(scheme):
    return "available here" if scheme["available"] else (scheme["why"] or "not available here")


def families(schemes):
    """{folder: schemes by name}, controls last."""
    found = {}
    for scheme in sorted(schemes, key=lambda s: (s["control"], s["folder"], s["name"])):
        found.setdefault(scheme["folder"], []).append(scheme)
    return found


BYTES = (("bytes_per_object", "an object"), ("bytes_allocated", "allocated by it"), ("bytes_per_cpu", "an object and CPU"),
         ("bytes_per_thread", "an object and thread"), ("shared_bytes", "shared, once"), ("shared_bytes_per_cpu", "shared, a CPU"))
OPERATIONS = ("get", "put", "stop")


def _answers(scheme):
    """The promises that are yes or no, sorted into these two; what a scheme needs stands elsewhere."""
    plain = [column for column in COLUMNS if column.words is None and column not in NEEDS and column.key in scheme
             and column.key != "session"]  # how it is timed, no promise
    said = [(answer, [column.heading for column in plain if word(scheme, column) == answer]) for answer in (YES, NO)]
    return "; ".join(f"{answer}: {', '.join(names)}" for answer, names in said if names)


def _locked(scheme):
    """Locked instructions of get and put; a scheme that takes a lock or calls a library promises none."""
    return ", ".join(f"{side} {'no promise' if scheme.get(f'locked_in_{side}') is None else scheme[f'locked_in_{side}']}"
                     for side in ("get", "put"))


def _text(scheme):
    since = f" [{scheme['generation']}]" if scheme.get("generation") else ""
    words = "; ".join(f"{column.heading}: {word(scheme, column)}" for column in map(BY_KEY.get, ("count", "zero", "overflow")))
    weights = ", ".join(f"{scheme[key]} {text}" for key, text in BYTES if scheme.get(key))
    progress = ", ".join(f"{op} {word(scheme, BY_KEY[f'{op}_progress'])}" for op in OPERATIONS)
    yield f"  {scheme['name']}{' (peer)' if is_peer(scheme) else ''}{since}: {scheme['summary']}"
    yield f"      from {scheme['origin']}"
    yield f"      {_answers(scheme)}"
    yield f"      {words}; locked instructions: {_locked(scheme)}"
    yield f"      progress: {progress}; bytes: {weights or 'not told'}"
    marks = ("; pairs are timed in a session" if scheme.get("session") else "") + ("" if scheme["safe"] else "; protects nothing")
    yield f"      needs {needs(scheme)}; {availability(scheme)}{marks}"


def text_lines(schemes):
    """Every scheme with its family, source, whole contract and availability, for a terminal."""
    for folder, members in families(schemes).items():
        yield f"{folder}:"
        for scheme in members:
            yield from _text(scheme)


def release_key(generation):
    """Orders generations by the first release that they name; kernels without unloading and proposals come last."""
    release = re.match(r"\d+(?:\.\d+)*", generation)
    if release:
        return 0, tuple(int(part) for part in release[0].split(".")), generation
    return (2 if generation.startswith(PROPOSED) else 1), (), generation
