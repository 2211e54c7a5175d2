# SPDX-License-Identifier: MIT
"""scripts/getput from its arguments to its exit code."""
import importlib
import os
import sys
import traceback
from pathlib import Path

from .commands import make_parser
from .dependencies import missing_modules
from .errors import EXIT_ENVIRONMENT, EXIT_OK, GetputError, environment_error, unknown_name


def _failed_import(error):
    """The file of a module from elsewhere that raised this error while it was imported; None where the error is another one."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.name == "<module>"]
    if not frames or not os.path.isfile(frames[-1].filename) or Path(frames[-1].filename).parent == Path(__file__).parent:
        return None
    return frames[-1].filename


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
    """argparse, except that an unknown command or option is answered with the known ones, and `help COMMAND` is one."""
    commands = next(action for action in parser._actions if action.dest == "command").choices
    words = sys.argv[1:] if arguments is None else [*arguments]
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    if words and not words[0].startswith("-") and words[0] not in commands:
        raise unknown_name("command", words[0], commands)
    chosen, unknown = parser.parse_known_args(words)
    if unknown:
        known = sorted(name for action in commands[chosen.command]._actions for name in action.option_strings if name.startswith("--"))
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
    except Exception as error:
        if (file := _failed_import(error)) is None:
            raise
        print(f"getput: {file} cannot be imported ({type(error).__name__}: {error}): unset PYTHONPATH, or remove that file; "
              "`getput doctor` shows every module", file=sys.stderr)
        return EXIT_ENVIRONMENT
