# SPDX-License-Identifier: MIT
"""scripts/getput from its arguments to its exit code."""
import importlib
import os
import sys

from .commands import make_parser
from .dependencies import missing_modules
from .errors import EXIT_ENVIRONMENT, EXIT_OK, GetputError, environment_error, unknown_name


def _require_modules():
    missing = missing_modules()
    if missing:
        names, packages = (", ".join(column) for column in zip(*missing))
        raise environment_error(
            f"this Python ({sys.executable}) has no {names}: apt-get install {packages.replace(',', '')}, and run "
            "scripts/getput with /usr/bin/python3; `getput doctor` shows everything")


def _complete(parser):
    """Shell completion, where python3-argcomplete is installed and asks for it."""
    if "_ARGCOMPLETE" in os.environ:
        import argcomplete

        argcomplete.autocomplete(parser)


def _parse(parser, arguments):
    """argparse, except that an unknown option is answered with the known ones of that command."""
    chosen, unknown = parser.parse_known_args(arguments)
    if unknown:
        subparser = next(a for a in parser._actions if a.dest == "command").choices[chosen.command]
        known = sorted(name for action in subparser._actions for name in action.option_strings if name.startswith("--"))
        raise unknown_name(f"argument of `getput {chosen.command}`", unknown[0], known)
    return chosen


def _open_streams():
    """A stream that the caller closed becomes /dev/null, lest the next file that is opened takes its number."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, mode, closefd=False, encoding="utf-8"))


def _discard_stdout():
    """Nothing is written when Python ends and flushes what nobody takes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _carry_out(parser, arguments):
    try:
        chosen = _parse(parser, arguments)
        if chosen.needs_modules and not getattr(chosen, "check", False):
            _require_modules()
        module, function = chosen.handler.split(":")
        return getattr(importlib.import_module(f".{module}", __package__), function)(chosen)
    finally:
        sys.stdout.flush()  # here, where an error is still told; also after --help


def main(arguments=None):
    _open_streams()
    parser = make_parser()
    _complete(parser)
    try:
        return _carry_out(parser, arguments)
    except GetputError as error:
        print(f"getput: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        _discard_stdout()  # the reader (head, less) has what it wanted
        return EXIT_OK
    except OSError as error:
        _discard_stdout()
        print(f"getput: {error.filename or 'cannot write to stdout'}: {error.strerror}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    except KeyboardInterrupt:
        print("getput: interrupted", file=sys.stderr)
        return 130
