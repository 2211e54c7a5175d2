# SPDX-License-Identifier: MIT
"""The workload dst_series of the stand-in binary: two made-up commits."""

STEPS = ("first", "second")
LISTED = [{
    "name": "dst_series", "summary": "commits", "params": [],
    "steps": [{"id": step, "commit": "0123456789ab", "removed": "a reference", "before_us": 4.0, "after_us": 3.0} for step in STEPS],
}]


def cells(threads):
    """The parameters of its cells with so many workers."""
    return ({"step": step, "threads": threads} for step in STEPS)
