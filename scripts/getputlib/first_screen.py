# SPDX-License-Identifier: MIT
"""The first screen of the report: what references add to a packet, on which machine, and how far to trust it."""
from . import headline, rank, trust
from .answer import Answer, title
from .row import UNSAFE
from .words import counted, number

TODAY, LOCK = "to today", "2.4"  # how the contracts name the kernel generations of the answer
CLASSES = {"counter": "shared-word", "distributed": "per-CPU or per-thread", "lock": "lock-based", "grace": "grace-period",
           "peers": "another project's"}


def _generation_entry(path, matches, threads):
    found = [entry for entry in path.at(path.top, threads) if matches(path.results.schemes[entry.scheme].get("generation") or "")]
    return found[0] if found else None


def _answer_text(path, entry):
    """`582 ns`, or `0 ns` of an entry within the resolution."""
    return "0 ns" if path.within(entry) else f"{number(entry.net.point)} ns"


def numbers(path):
    """The three numbers with the most workers: [(number, what, detail)]; a missing one is left out."""
    threads, found = path.extremes[-1], []
    if today := _generation_entry(path, lambda text: text.endswith(TODAY), threads):
        found.append((_answer_text(path, today), f"today's module count ({today.scheme})", _detail(path, today)))
    best = rank.cheapest(path, path.top, threads)
    if best:
        kinds = ", ".join(sorted({CLASSES.get(path.results.schemes[entry.scheme]["folder"], "other") for entry in best}))
        value = f"{rank.between(best)} ns" if not all(map(path.within, best)) else "0 ns"
        what = "the cheapest" if rank.separated(best) else "the cheapest, not separated by this run"
        found.append((value, f"{what}: {rank.names(best)} ({kinds})", _detail(path, best[0])))
    if lock := _generation_entry(path, lambda text: text == LOCK, threads):
        found.append((_answer_text(path, lock), f"the lock of Linux 2.4 ({lock.scheme})", _detail(path, lock)))
    return found


def _detail(path, entry):
    return path.adds(entry) if path.within(entry) else entry.net.text()


def _table(answer, level):
    main, more = answer.rows(level)
    return {"title": title(answer, level), "level": level, "columns": answer.headings(level), "main": main, "more": more,
            "caption": caption(answer, level)}


def caption(answer, level):
    """What the numbers are: level, input, what they are relative to, and the budget."""
    path = answer.main
    entry = path.first(level)
    words = f"Nanoseconds per packet {path.beyond}; pairs are get/put pairs a packet takes. {_control_text(path, level)}"
    if entry.frame_bytes:
        budgets = ", ".join(f"{number(headline.budget_ns(speed, entry.frame_bytes))} ns at {speed} GbE" for speed in headline.SPEEDS_GBE)
        of = ", ".join(filter(None, (path.words, counted(path.extremes[-1], "worker"))))
        words += (f"Shares are of the line-rate budget of this input's own mean frame, {number(entry.frame_bytes)} bytes: {budgets}; "
                  f"they and the prices of a pair are those of {of}.")
    return words


def _control_text(path, level):
    none = next((entry for entry in path.nones if (entry.level, entry.threads) == (level, path.extremes[-1])), None)
    return f"`none` itself, which carries a ticket and counts nothing, adds {none.added.text()} ns to L0. " if none and path.subtracted else ""


def unsafe(results):
    """One entry per scheme that is unsafe by design: its name and what the hunt found."""
    found = {}
    for row in results.with_verdict(UNSAFE):
        entry = found.setdefault(row.scheme, {"name": row.scheme, "text": row.detail(), "cells": 0, "wrong": []})
        entry["cells"] += 1
        if row.wrong:
            entry["wrong"].append((row.cell["name"], row.wrong))
    return list(found.values())


def build(results):
    """The commit of the binary, and None or how it differs from the checkout that it was run from."""
    build_info, source = results.env.get("build") or {}, results.env["source"]
    own = build_info.get("commit") or "an unknown commit"
    if build_info.get("dirty"):
        return own, "The binary was built from a tree with uncommitted changes: no commit reproduces these numbers."
    checkout = source["commit"]
    if build_info.get("commit") and checkout and not checkout.startswith(own) and not own.startswith(checkout):
        return own, f"The binary was built from {own}, but the checkout was at {checkout[:12]}: these are the numbers of {own}."
    return own, None


def context(results):
    """The machine, kernel and compiler in one line."""
    env, machine = results.env, results.env["machine"]
    info = env.get("build") or {}
    compiler = " ".join(filter(None, (info.get("compiler") or env.get("compiler"), info.get("compiler_version"), info.get("flags"))))
    kernel = (env.get("system") or {}).get("kernel") or f"Linux {machine['kernel']['release']}"
    kind = machine["virtualisation"]["hypervisor"]
    return " · ".join(filter(None, (
        machine["cpu"]["model"] or "unknown CPU", counted(len(machine["allowed_cpus"]), "CPU"),
        counted(machine["topology"]["nodes"], "NUMA node"), f"virtual machine ({kind})" if kind else "", kernel,
        machine["os"] or "", compiler)))


def _missing(results):
    """Why there is no headline: the packet path was not asked for, or none of its trials was valid."""
    kept, rejected, reasons = results.rejected_by_reason().get("netpath", (0, 0, {}))
    if rejected and not kept:
        return ("No valid trial of the packet path: " + ", ".join(f"{reason} {count}" for reason, count in reasons.most_common())
                + f" in {counted(rejected, 'attempt')}.")
    return "This run did not measure what references add to a packet (workload netpath, levels L6 and L7)."


def screen(results):
    """Everything that the template of the first screen shows."""
    answer = Answer(results)
    path = answer.main
    commit, mismatch = build(results)
    shown = {"context": context(results), "commit": commit, "mismatch": mismatch, "trust": trust.line(results, answer.paths),
             "unsafe": unsafe(results), "missing": None}
    if path.top is None or not any(entry.safe for entry in path.entries):
        return {**shown, "missing": _missing(results)}
    where = ", ".join(filter(None, (path.words, counted(path.extremes[-1], "worker"))))
    return {**shown, "answer": numbers(path), "top": path.name(path.top), "where": where, "remark": answer.remark(),
            "tables": [_table(answer, level) for level in answer.levels]}
