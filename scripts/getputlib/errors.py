# SPDX-License-Identifier: MIT
"""Errors that a person can act on, and the exit codes of every command."""
import difflib
import os
import sys
from pathlib import Path

EXIT_OK = 0
EXIT_BAD_RESULT = 1
EXIT_BAD_REQUEST = 2
EXIT_ENVIRONMENT = 3
EXIT_UNDERPOWERED = 4  # nothing bad was found, but the data could not have shown it

REPOSITORY = Path(__file__).resolve().parents[2]
REPORTS = REPOSITORY / "reports"


class GetputError(Exception):
    """One line for the user (it names the thing and the remedy) and an exit code."""

    def __init__(self, message, exit_code):
        super().__init__(message)
        self.exit_code = exit_code


def bad_request(message):
    return GetputError(message, EXIT_BAD_REQUEST)


def environment_error(message):
    return GetputError(message, EXIT_ENVIRONMENT)


def unknown_name(kind, given, known):
    """The error for a name that does not exist; the ones that do are part of the message."""
    known = sorted(known)
    near = difflib.get_close_matches(given, known, n=2, cutoff=0.7)
    meant = f"; did you mean {' or '.join(near)}?" if near else ""
    return bad_request(f"unknown {kind} '{given}'{meant}; known: {', '.join(known)}")


def note(text=""):
    """Progress and remarks go to stderr, because stdout is data."""
    print(text, file=sys.stderr, flush=True)


def write_data(text):
    """Prints what a command found; a reader that has gone (head, less) does not change the command's exit code."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
