# SPDX-License-Identifier: MIT
"""Words for people."""


def counted(number, noun):
    """1 CPU, 2 CPUs, 1,000 objects."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
