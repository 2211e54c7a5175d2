# SPDX-License-Identifier: MIT
"""What the tests of the installed headers share: units compiled as a user would compile them."""
import concurrent.futures
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GCC = os.environ.get("CXX", "g++")
CLANG = shutil.which("clang++-14")
COMPILERS = [GCC, *([CLANG] if CLANG else [])]
LIBURCU = ["-lurcu-memb", "-lurcu-mb", "-lurcu-qsbr", "-lurcu-bp"]
# Which headers include a library, by component of the package.
WRAPPING = re.compile(r"schemes/(grace/(rcu_|ck_epoch|hazard_pointer)|lock/ck_|counter/intrusive_ptr|machine/(urcu_|concurrency_kit))")

LISTED = re.compile(r"^ *getput_scheme\(([a-z]+)/([a-z0-9_]+)", re.MULTILINE)


def headers():
    """All headers of schemes/, as they are included."""
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "schemes").rglob("*.hpp"))


def schemes():
    """[(header, class)] of every scheme."""
    listed = LISTED.findall((ROOT / "schemes/CMakeLists.txt").read_text(encoding="utf-8"))
    return [(f"schemes/{folder}/{name}.hpp", "".join(map(str.capitalize, name.split("_")))) for folder, name in listed]


def include_root(folder):
    """A folder from which <getput/schemes/...> is found."""
    (folder / "getput").mkdir(parents=True, exist_ok=True)
    link = folder / "getput/schemes"
    if not link.is_symlink():
        link.symlink_to(ROOT / "schemes")
    return folder


def compile_unit(compiler, text, *arguments, standard="c++20"):
    """The finished process of a compiler that was given @p text."""
    return subprocess.run(
        [compiler, f"-std={standard}", "-x", "c++", "-", *arguments],
        input=text, capture_output=True, text=True, check=False, timeout=300, errors="replace",
    )


def side_by_side(function, cases):
    """[function(case) for case in cases], on every CPU."""
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return list(pool.map(function, cases))
