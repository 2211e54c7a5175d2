# SPDX-License-Identifier: MIT
"""The modules that the binary loads: where they are, and their hashes. Standard library only."""
import os
from pathlib import Path

from .files import file_sha256

PLUGIN_VARIABLE = "GETPUT_PLUGIN_DIR"
PLUGINS = ("nic", "tcp", "udp")


def plugin_folder(binary):
    """The one folder whose modules a run uses: $GETPUT_PLUGIN_DIR, else `plugins` of the binary's build.

    The driver passes it to the binary, so that no folder that happens to be nearer is taken.
    """
    chosen = os.environ.get(PLUGIN_VARIABLE)
    if chosen:
        return Path(chosen).absolute()
    folder = Path(binary).resolve().parent.parent / "plugins"
    return folder if folder.is_dir() else None


def plugins(binary):
    """[{name, path, sha256}] of the modules in that folder; empty where there are none."""
    folder = plugin_folder(binary)
    files = [(name, folder / f"{name}.so") for name in PLUGINS] if folder else []
    return [{"name": name, "path": str(path), "sha256": file_sha256(path)} for name, path in files if path.is_file()]


def child_environment(binary):
    """The variables of a measuring process: the caller's, with the folder of the modules decided."""
    folder = plugin_folder(binary)
    return {**os.environ, **({PLUGIN_VARIABLE: str(folder)} if folder else {})}
