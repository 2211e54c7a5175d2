# SPDX-License-Identifier: MIT
"""docs/memory-ordering.md keeps up with the schemes: one section each, every edge of the header in it, no others;
the mutants that it names are in the lists. README.md lists the schemes; docs/architecture.md states the schemas."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = "docs/memory-ordering.md"
LISTED = re.compile(r"^ *getput_scheme\(([a-z_]+/[a-z0-9_]+)", re.MULTILINE)
DEFINED = re.compile(r"^//   (E\d+)  \S", re.MULTILINE)
BESIDE = re.compile(r'^#include "([a-z_]+\.hpp)"$', re.MULTILINE)  # edges may be a neighbour's
ROW = re.compile(r"^\| (E\d+) \|.*\| ([^|]*) \|$", re.MULTILINE)
NAME = re.compile(r"`([a-z0-9_]+)`")


def listed(root):
    return LISTED.findall((root / "schemes/CMakeLists.txt").read_text(encoding="utf-8"))


def edges_of(header):
    """What the header's Ordering block defines, or that of the headers beside it that it stands on."""
    text = header.read_text(encoding="utf-8")
    found = set(DEFINED.findall(text))
    for name in BESIDE.findall(text):
        found |= edges_of(header.parent / name)
    return found


def sections(root):
    """Of the document, by the scheme's name: `### name` up to the next heading."""
    parts = re.split(r"^(#{2,3} .*)$", (root / DOCUMENT).read_text(encoding="utf-8"), flags=re.MULTILINE)
    named = [(head[4:].strip("` "), body) for head, body in zip(parts[1::2], parts[2::2]) if head.startswith("### `")]
    assert len(dict(named)) == len(named), "a scheme has two sections"
    return dict(named)


def planted(root, scheme):
    """Names of the bugs planted for a scheme; None where the list is none of the model checks'."""
    path = root / f"tests/model/mutants/{scheme}.toml"
    if not path.exists():
        return None
    return set(re.findall(r'^name = "([a-z0-9_]+)"$', path.read_text(encoding="utf-8"), re.MULTILINE))


def faults(root):
    found = []
    documented = sections(root)
    names = [path.split("/")[1] for path in listed(root)]
    found += [f"{name} has no section" for name in names if name not in documented]
    found += [f"{name} has a section and is not listed" for name in documented if name not in names]
    for path in listed(root):
        name = path.split("/")[1]
        if name not in documented:
            continue
        rows = ROW.findall(documented[name])
        told = {edge for edge, _ in rows}
        defined = edges_of(root / f"schemes/{path}.hpp")
        found += [f"{name} lacks {edge}" for edge in sorted(defined - told)]
        found += [f"{name} has {edge}, its header has not" for edge in sorted(told - defined)]
        known = planted(root, name)
        if known is not None:
            used = {mutant for _, shown in rows for mutant in NAME.findall(shown)}
            found += [f"{name} names the mutant {mutant}, there is none" for mutant in sorted(used - known)]
    return found


def test_every_scheme_and_edge_is_documented():
    assert listed(ROOT)
    assert not faults(ROOT)


def test_readme_lists_every_scheme():
    row = re.compile(r"^\| `([a-z]+)/` \| [^|]*\| (`[^|]*) \|$", re.MULTILINE)
    rows = row.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    told = {f"{folder}/{name}" for folder, names in rows for name in NAME.findall(names)}
    assert told == set(listed(ROOT))


def test_the_guide_names_every_list_that_is_checked():
    guide = (ROOT / "docs/adding-a-scheme.md").read_text(encoding="utf-8")
    for place in ("schemes/CMakeLists.txt", DOCUMENT, "README.md", "tests/model/mutants/<name>.toml", "tests/schemes/mutants"):
        assert place in guide or f"({Path(place).name})" in guide, place


def named(schema):
    """Every property that a schema names or requires, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(named, schema))
    if not isinstance(schema, dict):
        return set()
    own = set(schema.get("properties", {})) | {name for name in schema.get("required", []) if isinstance(name, str)}
    return own.union(*(named(part) for part in schema.values()))


def test_architecture_names_every_entry_of_a_trial_line():
    """The contract in docs/architecture.md and reports/schema/trial.schema.json state the same line."""
    schema = json.loads((ROOT / "reports/schema/trial.schema.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    line = text[text.index("A **trial** line"):]
    assert {"difference", "slices", "planted_ns"} <= named(schema)
    assert not [name for name in sorted(named(schema)) if f'"{name}"' not in line]
    assert schema["properties"]["schema"]["const"] in line


def test_architecture_names_every_optional_key_of_a_plan():
    schema = json.loads((ROOT / "reports/schema/plan.schema.json").read_text(encoding="utf-8"))
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    assert not [name for name in schema["properties"] if name != "run" and not re.search(f'["`]{name}["`]', text)]


HEADER = """// SPDX-License-Identifier: MIT
// Ordering
//   E1  put -> drained.
//   E2  stop -> try_get, which
//       E9 is no edge.
#include "beside.hpp"
"""
SECTION = """## counter/
### `one`
| edge | from | to | why | shown by |
| --- | --- | --- | --- | --- |
| E1 | put | drained | so | `put_relaxed` |
| E2 | stop | try_get | so | - |
| E3 | restart | try_get | so | - |
"""


@pytest.fixture(name="tree")
def fixture_tree(tmp_path):
    """A small project whose document is complete."""
    for path, text in {
        "schemes/CMakeLists.txt": 'getput_scheme(counter/one)\n',
        "schemes/counter/one.hpp": HEADER,
        "schemes/counter/beside.hpp": "//   E3  restart -> try_get.\n",
        "tests/model/mutants/one.toml": 'name = "put_relaxed"\n',
        DOCUMENT: SECTION,
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    return tmp_path


def test_complete_document_is_accepted(tree):
    assert faults(tree) == []


@pytest.mark.parametrize(
    "path, old, new, fault",
    [
        (DOCUMENT, "### `one`", "### `two`", "one has no section"),
        (DOCUMENT, "### `one`", "### `two`", "two has a section and is not listed"),
        (DOCUMENT, "| E2 |", "| E1 |", "one lacks E2"),
        (DOCUMENT, "| E3 |", "| E1 |", "one lacks E3"),
        (DOCUMENT, "| E3 |", "| E4 |", "one has E4, its header has not"),
        (DOCUMENT, "`put_relaxed`", "`put_lost`", "one names the mutant put_lost, there is none"),
        ("schemes/CMakeLists.txt", "", "getput_scheme(lock/new NOT_MODELLED \"why\")\n", "new has no section"),
    ],
)
def test_fault_is_noticed(tree, path, old, new, fault):
    text = (tree / path).read_text(encoding="utf-8")
    (tree / path).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert fault in faults(tree)
