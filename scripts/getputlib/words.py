# SPDX-License-Identifier: MIT
"""Words for people."""


def counted(number, noun):
    """1 CPU, 2 CPUs, 1,000 objects."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def number(value, digits=3):
    """Three significant digits without an exponent; a dash for what was not measured."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    magnitude = abs(value)
    if magnitude >= 100000:
        return f"{value:,.0f}"
    decimals = max(0, digits - 1 - int(f"{magnitude:e}".partition("e")[2]))
    return f"{value:.{min(decimals, 4)}f}"


def params_text(params):
    """The parameters of a cell as its name has them."""
    return " ".join(f"{key}:{value}" for key, value in params.items())


def aligned(lines, right=()):
    """Lines of cells as columns of text; the columns numbered in `right` end together."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.rjust(width) if column in right else cell.ljust(width)
                      for column, (cell, width) in enumerate(zip(line, widths))).rstrip() for line in lines]
