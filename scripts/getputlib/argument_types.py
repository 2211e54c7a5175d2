# SPDX-License-Identifier: MIT
"""What an option's value may be: text to value, or an argparse.ArgumentTypeError that says what is wrong."""
import argparse
import re


def positive(text):
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def seed(text):
    value = int(text, 0)
    if not 0 <= value < 1 << 63:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 2^63 - 1")
    return value


def seconds(text):
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return value


def width(text):
    """`1ns` or `2%`, as it was written: the plan keeps it."""
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(ns|%)", text)
    if match is None or float(match.group(1)) <= 0:
        raise argparse.ArgumentTypeError(f"{text} is neither a width like 1ns nor one like 2%")
    return text


def share(text):
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value


def effect(text):
    """`2%` as (0.02, True), `1ns` as (1.0, False)."""
    for suffix, scale in (("%", 0.01), ("ns", 1.0)):
        if text.endswith(suffix) and seconds(text.removesuffix(suffix)) < float("inf"):
            return float(text.removesuffix(suffix)) * scale, suffix == "%"
    raise argparse.ArgumentTypeError(f"{text} is neither a percentage such as 2% nor a time such as 1ns")


def percent(text):
    value = float(text)
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 100")
    return value
