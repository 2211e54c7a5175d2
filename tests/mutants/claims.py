# SPDX-License-Identifier: MIT
"""Wrong claims of a scheme's SchemeInfo, made mechanically: what sweep.py plants beside the changes of its code (operators.py)."""

import re

import operators

FIELDS = {
    "count": ("CountExactness", ["exact", "never_too_low", "approximate", "not_possible"]),
    "zero": ("ZeroDetection",
             ["last_put", "remover_sum", "after_switch", "grace_period", "never"]),
    "overflow": ("Overflow", ["wraps", "sum_wraps", "saturates", "no_counter"]),
    "get_progress": ("Progress", ["wait_free", "lock_free", "blocking"]),
    "put_progress": ("Progress", ["wait_free", "lock_free", "blocking"]),
    "stop_progress": ("Progress", ["wait_free", "lock_free", "blocking"]),
}
# Claims that checks of the model, or the contract's, tell from their opposite. The others are words
# for people. Every wrong value of zero, progress, overflow, shared_by_threads and put_on_other_cpu
# is tried by the tests themselves, too: WrongClaimsAreNoticed.
TOLD_BY_MODEL = ["safe", "removal", "put_on_other_thread", "try_stop", "spurious_failure",
                 "certain_after_stop", "get_while_going", "destroy_when_drained", "count",
                 "needs_rseq", "needs_membarrier", "needs_stop_machine", "needs_registration",
                 "zero", "get_progress", "put_progress", "stop_progress"]
TOLD_BY_CONTRACT = ["control", "hold_across_sleep", "bytes_per_object", "bytes_allocated",
                    "bytes_per_cpu", "bytes_per_thread", "get_allocates", "overflow", "shared_by_threads",
                    "put_on_other_cpu"]


def defaults(scheme_hpp):
    """Name -> default of every field of SchemeInfo that is no text."""
    code = operators.blank(scheme_hpp)
    body = code[code.index("struct SchemeInfo {") :]
    body = body[: body.index("\n};")]
    found = re.findall(r"(?:bool|int|std::size_t|CountExactness|ZeroDetection|Overflow|Progress)\s+"
                       r"(\w+)\s*=\s*([\w:-]+);", body)
    return dict(found)


def others(field, value, text):
    """What else the claim could be; not where a scheme says that it cannot be observed."""
    if field == "overflow" and "kNoNearOverflow" in text:
        return ["Overflow::no_counter"]
    if value in ("true", "false"):
        return [operators.NAMES[value]]
    if field in FIELDS:
        kind, names = FIELDS[field]
        return [f"{kind}::{name}" for name in names if f"{kind}::{name}" != value]
    return [f"{value} + 8"] if "bytes" in field else []


def claims(text, scheme_hpp, fields):
    """These claims of the scheme's SchemeInfo, the unspoken ones among them, made otherwise."""
    block = operators.info_block(operators.blank(text))
    if block is None:
        return []
    every = []
    order = list(defaults(scheme_hpp))
    said = {m[1]: m for m in re.finditer(r"^ *\.(\w+) = ([^\n]*?),(?: +//.*)?$", text, re.M)}
    for field, usual in [(f, v) for f, v in defaults(scheme_hpp).items() if f in fields]:
        value = said[field][2] if field in said else usual
        for other in others(field, value, text):
            what = f"claims {field} = {other.split('::')[-1]}"
            if field in said:
                start, end = said[field].span(2)
                every.append(operators.Change(start, end, other, what, "info", f".{field} = {value},", 1))
                continue
            later = [said[f].start() for f in order[order.index(field) :] if f in said]
            at = min([p for p in later if p > block[0]], default=text.rfind("\n", 0, block[1]) + 1)
            every.append(
                operators.Change(at, at, f"      .{field} = {other},\n", what, "info", f".{field}", 1))
    return every
