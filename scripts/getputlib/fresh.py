# SPDX-License-Identifier: MIT
"""Files that are written anew: into a fresh temporary file beside the target, then renamed over it.

A symbolic link in the target's place is replaced, never followed, so rendering another user's run
cannot overwrite a file elsewhere.
"""
import os
import tempfile
from pathlib import Path

from .errors import environment_error
from .store import disk_errors


def write(path, data):
    """Replaces the file `path` by text or bytes; a GetputError (exit 3) when that is not possible."""
    path = Path(path)
    content = data.encode("utf-8") if isinstance(data, str) else data
    with disk_errors(path):
        try:
            number, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # O_EXCL | O_NOFOLLOW
        except OSError as error:
            error.filename = None  # name the target, not the temporary file
            raise
        try:
            with os.fdopen(number, "wb") as stream:
                stream.write(content)
                os.fchmod(stream.fileno(), 0o666 & ~_umask())
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(partial, path)
        except BaseException:
            os.unlink(partial)
            raise


def _umask():
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def folder(path):
    """A folder to write into, created when missing; one that is a symbolic link is refused."""
    path = Path(path)
    if path.is_symlink():
        raise environment_error(f"{path} is a symbolic link, which is not followed: remove it, or write elsewhere with -o FILE")
    with disk_errors(path):
        path.mkdir(exist_ok=True)
    return path


def copy_all(source, target):
    """Copies the files of one folder into another, each by write()."""
    for file in sorted(Path(source).iterdir()):
        write(Path(target) / file.name, file.read_bytes())
