# SPDX-License-Identifier: MIT
"""How a scheme looks, everywhere: reports/style.json, with a fallback that depends on the name alone."""
import functools
import json
import zlib
from dataclasses import dataclass

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


@functools.cache
def scheme(name):
    """The look of a scheme. One that nobody listed gets the same colour and marker in every report."""
    entry = _sheet()["schemes"].get(name)
    if entry:
        return Look(**entry)
    spare, number = _sheet()["unlisted"], zlib.crc32(name.encode())
    colors, markers = spare["colors"], spare["markers"]
    return Look(name, colors[number % len(colors)], markers[number // len(colors) % len(markers)], "solid")


@functools.cache
def control(name):
    entry = _sheet()["controls"][name]
    return Look(entry["label"], entry["color"], "", entry["line"])
