# SPDX-License-Identifier: MIT
"""One measuring run per machine: a lock that every user of the machine finds in the same place.

The lock is advisory (flock) and ends with the process that holds it. Its file is opened for reading
only, so that a user can take the lock that another user created; the text in it says who holds it.
"""
import contextlib
import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from .errors import environment_error, note

NAME = "getput.lock"
FOLDER_VARIABLE = "GETPUT_LOCK_DIR"
FOLDERS = ("/run/lock", "/var/lock", "/tmp", "/dev/shm")


@dataclass
class MachineLock:
    """What `acquire` returns: the descriptor (None without a lock) and the run that holds it instead."""

    descriptor: int | None
    other: str | None = None

    def release(self):
        if self.descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self.descriptor, 0)
            os.close(self.descriptor)
            self.descriptor = None


def _folders():
    chosen = os.environ.get(FOLDER_VARIABLE)
    return (chosen,) if chosen else FOLDERS


def _open(path, create):
    """A descriptor of the lock file, created for all users when it is not there. Raises OSError."""
    flags = os.O_NOFOLLOW | os.O_CLOEXEC
    for mode in (os.O_RDWR, os.O_RDONLY):  # without O_CREAT: kernels refuse that on files of others in sticky folders
        with contextlib.suppress(FileNotFoundError, PermissionError):
            return os.open(path, mode | flags)
    if not create:
        raise FileNotFoundError(2, "no lock file", str(path))
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | flags, 0o666)
        os.fchmod(descriptor, 0o666)  # whatever the umask
        return descriptor
    return os.open(path, os.O_RDONLY | flags)  # created by another run meanwhile, or not ours to read


def _anywhere(create=True):
    """(descriptor, None) of the first place where a lock file can be opened, else (None, why not)."""
    why = "no folder for it"
    for folder in _folders():
        path = Path(folder) / NAME
        try:
            descriptor = _open(path, create)
        except OSError as error:
            why = f"{path}: {error.strerror}"
            continue
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor, None
        os.close(descriptor)
        why = f"{path} is not a file"
    return None, why


def _holder(descriptor):
    text = os.pread(descriptor, 4096, 0).decode("utf-8", errors="replace").strip()
    return "".join(letter if letter.isprintable() else "?" for letter in text) or "pid unknown"


def acquire(directory, alongside=False):
    """Takes the machine's lock for a run into `directory`.

    When another run holds it: raises environment_error, or with `alongside` returns a lock whose
    `other` names that run. Where no lock file can be opened, says so in one line and goes on without.
    """
    descriptor, why = _anywhere()
    if descriptor is None:
        note(f"getput: no machine-wide lock ({why}): another run on this machine would not be noticed")
        return MachineLock(None)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        other = _holder(descriptor)
        os.close(descriptor)
        if not alongside:
            raise environment_error(f"another getput run ({other}) is measuring on this machine: wait for it, "
                                    "or measure at the same time with --alongside")
        return MachineLock(None, other)
    with contextlib.suppress(OSError):  # opened for reading only: the name stays unknown
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"pid {os.getpid()}, {Path(directory).absolute()}".encode(), 0)
    return MachineLock(descriptor)


def holder():
    """The run that is measuring on this machine now; None when there is none."""
    descriptor, _ = _anywhere(create=False)
    if descriptor is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except OSError:
        return _holder(descriptor)
    finally:
        os.close(descriptor)
