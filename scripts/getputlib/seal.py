# SPDX-License-Identifier: MIT
"""SHA256SUMS of a finished run: what was measured can be told from what was changed afterwards.

The format is that of sha256sum(1): `cd DIR && sha256sum -c SHA256SUMS`. Reports and figures are made
later and are not part of it; a resumed run writes it anew.
"""
import re

from .files import file_sha256
from .instructions import FILE as INSTRUCTIONS
from .store import ENV, LOG, MANIFEST, PLAN, TRIALS

SEAL = "SHA256SUMS"
SEALED = (TRIALS, PLAN, ENV, MANIFEST, INSTRUCTIONS, LOG, "topology.xml", "topology.svg")
NEEDED = (TRIALS, PLAN, ENV, MANIFEST)


def write(directory):
    """Seals what is there; raises GetputError when it cannot be written."""
    lines = [f"{file_sha256(directory.file(name))}  {name}\n" for name in SEALED if directory.file(name).is_file()]
    directory.write_text(SEAL, "".join(lines))


def remove(directory):
    """Before a run goes on: its files are about to change."""
    directory.file(SEAL).unlink(missing_ok=True)


def problems(directory):
    """One line per file that is not what was sealed; nothing where there is no seal."""
    if not directory.file(SEAL).is_file():
        return
    sealed = {}
    for number, line in enumerate(directory.file(SEAL).read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        match = re.fullmatch(r"([0-9a-f]{64})  (\S+)", line)
        if match is None or match.group(2) not in SEALED:
            yield f"{SEAL} line {number}: not a line of a seal"
        else:
            sealed[match.group(2)] = match.group(1)
    yield from (f"{SEAL}: {name} is not sealed" for name in NEEDED if name not in sealed)
    for name, digest in sealed.items():
        if not directory.file(name).is_file():
            yield f"{SEAL}: {name} is missing"
        elif file_sha256(directory.file(name)) != digest:
            yield f"{SEAL}: {name} was changed after the run"
