# SPDX-License-Identifier: MIT
"""Bytes of a scheme: what SchemeInfo says for each object, CPU and thread, and what that adds up to.

The parts are promises that the contract tests check (sizeof, words per CPU and thread); every total
is computed from them, none is measured.
"""
from dataclasses import dataclass

from . import contract
from .words import counted

PARTS = contract.BYTES


@dataclass(frozen=True)
class Place:
    """How many of each there are; `text` heads the column."""

    text: str
    objects: int
    cpus: int
    threads: int


def total(scheme, place):
    """Bytes of all objects of a scheme in a place; None where the scheme does not state its parts."""
    parts = [scheme.get(key) for key, _ in PARTS]
    if any(part is None for part in parts):
        return None
    of_object, allocated, of_cpu, of_thread, shared, shared_of_cpu = parts
    return place.objects * (of_object + allocated + place.cpus * of_cpu + place.threads * of_thread) + shared + place.cpus * shared_of_cpu


def here(results, objects):
    """This machine: its possible CPUs, and a thread for each CPU that the run was allowed."""
    machine = results.env["machine"]
    threads = len(machine["allowed_cpus"])
    cpus = results.env.get("possible_cpus") or threads
    return Place(f"{counted(objects, 'object')} here", objects, cpus, threads)


def places(results):
    return (here(results, 1), here(results, 1000), Place("1,000 objects, 256 CPUs", 1000, 256, 256))


def size(value):
    """Bytes for people: 16 B, 1.5 KiB, 32 MiB."""
    if value is None:
        return "-"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    return None


def table(results):
    """(headings, rows): a row per scheme that can be removed, sorted by the bytes of a thousand objects."""
    columns = places(results)
    schemes = sorted(results.schemes.values(), key=lambda s: (total(s, columns[1]) is None, total(s, columns[1]) or 0, s["name"]))
    rows = [[s["name"], *[size(s.get(key)) for key, _ in PARTS], *[size(total(s, place)) for place in columns]] for s in schemes]
    return ["scheme", *[text for _, text in PARTS], *[place.text for place in columns]], rows


def caption(results):
    place = here(results, 1)
    return (f"The first columns are what each scheme guarantees, checked by the contract tests. The totals are "
            f"computed from them, not measured: this machine has {place.cpus} possible CPUs, counted with {place.threads} "
            f"threads; the last column assumes a machine of 256 CPUs with 256 threads. Memory that a thread keeps once for all objects "
            f"of a scheme, such as its RCU record or its hazard pointers, is not included.")
