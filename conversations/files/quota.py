"""The quota of a user's files, and the room that is left on the disk.

It is checked twice: before the bytes are written, and again in the transaction that stores the row.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Sum

from common.errors import AppError
from conversations.models import Artifact


def used_bytes(owner_id: int) -> int:
    """The size of everything a user uploaded and had made."""
    files = Artifact.objects.filter(owner_id=owner_id)
    total = files.aggregate(files=Sum("size_bytes"), texts=Sum("text_bytes"))
    return (total["files"] or 0) + (total["texts"] or 0)


def check_quota(owner_id: int, size_bytes: int) -> None:
    """Whether so many bytes would fit; nothing is reserved.

    Raises:
        AppError: ``storage_full`` (507), over the user's quota or when the disk is nearly full.
    """
    if used_bytes(owner_id) + size_bytes > settings.USER_STORAGE_BYTES:
        raise _full("There is no room left for your files. Delete some of them, then try again.")
    # No lock makes strangers queue for the disk: uploads at the same moment can go below the line
    # by their own size.
    if _free_bytes(settings.MEDIA_ROOT) - size_bytes < settings.DISK_FREE_MIN_BYTES:
        raise disk_full()


def reserve_quota(owner_id: int, size_bytes: int) -> None:
    """Check the quota for a row that is stored next; call it inside of that transaction.

    Raises:
        AppError: ``storage_full`` (507).
    """
    # Other uploads of the same person may have passed the same first check. The lock on the owner's
    # row makes them queue here until their rows are committed, so that each counts what the ones
    # before it took: together they cannot get past the quota by a single byte. Locking the files
    # themselves would not do, because a new row cannot be locked. NO KEY, because every row of the
    # user's that is stored meanwhile refers to the owner. The bytes are written already, so the
    # lock is held for milliseconds. SQLite's transactions are alone anyway.
    owner = get_user_model().objects.select_for_update(no_key=True).filter(pk=owner_id)
    list(owner.values_list("pk"))
    check_quota(owner_id, size_bytes)


def _free_bytes(folder: Path) -> int:
    """Free bytes on the disk of ``folder``, which need not be there yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def disk_full() -> AppError:
    return _full("The server's disk is full, so nothing was kept. Tell the people who run it.")


def _full(message: str) -> AppError:
    return AppError("storage_full", message, status=507)
