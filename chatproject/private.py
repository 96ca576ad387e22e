"""What the server keeps is its own account's alone, on a machine that others use too."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Warning

from chatproject import env

UMASK = 0o077
OTHERS = 0o007
GROUP_AND_OTHERS = 0o077
# WAL and journal hold rows as the file itself does.
SQLITE_SUFFIXES = ("", "-wal", "-shm", "-journal")


def restrict_umask(command: Sequence[str] = ()) -> None:
    """Make new files nobody else's to read; every entry point calls it before anything else.

    Args:
        command: the command line. The page's files, which ``collectstatic`` copies, are public,
            and the server may run under another account than who installs it.
    """
    os.umask(0o022 if "collectstatic" in command[1:2] else UMASK)


def make_private() -> None:
    """Close what an earlier start, or another program, left open; as far as it is ours."""
    for path in _data():
        if _open_bits(path, GROUP_AND_OTHERS) and _is_ours(path):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~GROUP_AND_OTHERS)


def check_private(app_configs: object = None, **kwargs: object) -> list[CheckMessage]:
    """What other accounts of this machine can read, and we could not close ourselves."""
    candidates = [(path, GROUP_AND_OTHERS, "go-rwx") for path in _data()]
    candidates += [
        (path, OTHERS, "o-rwx") for path in env.secret_files
    ]  # a group may be how we read them
    return [
        Warning(
            f"{path} can be read by other accounts of this machine.",
            hint=f"Run: chmod {mode} {path}",
            id="chatproject.W012",
        )
        for path, bits, mode in candidates
        if _open_bits(path, bits) and _reachable(path)
    ]


def _data() -> Iterator[Path]:
    database = settings.DATABASES["default"]
    yield from (Path(settings.VAR_DIR), Path(settings.MEDIA_ROOT))
    if database["ENGINE"].endswith("sqlite3"):
        yield from (Path(f"{database['NAME']}{suffix}") for suffix in SQLITE_SUFFIXES)


def _open_bits(path: Path, bits: int) -> int:
    try:
        return path.stat().st_mode & bits
    except OSError:  # not there yet, or not for us to see
        return 0


def _is_ours(path: Path) -> bool:
    """Whether it is our account's alone: not a folder that everybody writes to, such as /tmp."""
    status = path.stat()
    # The sticky bit: in such a folder others have files of their own, and must get at them.
    return status.st_uid == os.geteuid() and not status.st_mode & stat.S_ISVTX


def _reachable(path: Path) -> bool:
    """Whether others get as far as this: each folder above must let them through."""
    # A file that is open to all in a folder that is closed can be read by nobody.
    return all(_open_bits(folder, 0o011) for folder in path.absolute().parents)
