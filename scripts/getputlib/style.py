# SPDX-License-Identifier: MIT
"""How a scheme looks, everywhere: reports/style.json, with a fallback that begins with the name."""
import functools
import json
import zlib
from collections import Counter
from dataclasses import dataclass, replace

from .errors import REPORTS


@dataclass(frozen=True)
class Look:
    label: str
    color: str
    marker: str
    line: str


@functools.cache
def _sheet():
    return json.loads((REPORTS / "style.json").read_text(encoding="utf-8"))


def listed(name):
    """Whether the scheme has a look of its own in the sheet: those that a reader looks for."""
    return name in _sheet()["schemes"]


_moved = {}  # names whose own look another scheme of the same report has


def scheme(name):
    """The look of a scheme. One that nobody listed gets a colour and a marker from its name."""
    entry = _sheet()["schemes"].get(name)
    return Look(**entry) if entry else _moved.get(name) or _from_name(name, 0)


def _from_name(name, step):
    spare = _sheet()["unlisted"]
    colors, markers = spare["colors"], spare["markers"]
    number = zlib.crc32(name.encode()) + step
    return Look(name, colors[number % len(colors)], markers[number // len(colors) % len(markers)], "solid")


def tell_apart(names, peers=()):
    """Schemes of one report never look alike: each takes, from its own look on, the next free one of the rarest colour.

    The labels of `peers`, which are other projects' schemes, name them as such.
    """
    _moved.clear()
    listed = _sheet()["schemes"]
    taken = [scheme(name) for name in names if name in listed]
    room = len(_sheet()["unlisted"]["colors"]) * len(_sheet()["unlisted"]["markers"])
    for name in sorted(set(names) - set(listed)):
        looks = [_from_name(name, step) for step in range(room)]
        pairs, colors = {(one.color, one.marker) for one in taken}, Counter(one.color for one in taken)
        free = [one for one in looks if (one.color, one.marker) not in pairs] or looks
        found = min(free, key=lambda one: colors[one.color])
        taken.append(found)
        _moved[name] = replace(found, label=f"{name} (peer)") if name in peers else found


@functools.cache
def control(name):
    entry = _sheet()["controls"][name]
    return Look(entry["label"], entry["color"], "", entry["line"])
