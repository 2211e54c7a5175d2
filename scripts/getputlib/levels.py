# SPDX-License-Identifier: MIT
"""The charge levels of a run, named and ordered as the binary that measured them lists them.

A run from before that list has the ids alone.
"""
ANSWER = ("L6", "L7")  # a reference for each sk_buff; for each use of an object and each sk_buff
BASELINE = "L0"
SUM = ("L5", "L6", "L7")  # L5 + L6 = L7


class Levels:
    """`workloads` is that part of the binary's list, which plan.json keeps."""

    def __init__(self, workloads):
        entry = next((entry for entry in workloads if entry["name"] == "netpath"), {})
        self.listed = {level["id"]: level for level in entry.get("levels") or ()}
        self._order = {level: number for number, level in enumerate(self.listed)}

    def word(self, level):
        """`per sk_buff`; empty where the run does not tell."""
        return self.listed.get(level, {}).get("name", "")

    def name(self, level):
        """`L6 per sk_buff`, `bulk: one reference per poll`; the id alone where the run does not tell more."""
        word = self.word(level)
        if not word or word == level:
            return str(level)
        return f"{level} {word}" if level[:1] == "L" and level[1:].isdigit() else f"{level}: {word}"

    def key(self, level):
        """Sorts levels as the binary lists them, unknown ones last."""
        return self._order.get(level, len(self._order)), str(level)

    def headline_key(self, level):
        """Sorts levels for a reader of the headline: those of the answer first, the higher before the lower."""
        answer = ANSWER.index(level) if level in ANSWER else -1
        return -answer, self.key(level)
