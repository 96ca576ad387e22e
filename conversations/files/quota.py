"""How much room files take, and how much they may."""

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


def check_space(owner_id: int, size_bytes: int) -> None:
    """Look before writing, so that what will not fit is not written at all.

    Raises:
        AppError: ``storage_full`` (507), over the user's quota or when the disk is nearly full.
    """
    if used_bytes(owner_id) + size_bytes > settings.USER_STORAGE_BYTES:
        raise _full("There is no room left for your files. Delete some of them, then try again.")
    if _free_bytes(settings.MEDIA_ROOT) - size_bytes < settings.DISK_FREE_MIN_BYTES:
        raise disk_full()


def claim_space(owner_id: int, size_bytes: int) -> None:
    """Make sure that a row of this size still fits; held until the transaction ends.

    The lock on the owner makes uploads of one person queue here, so that each counts what the
    one before it took: together they cannot get past the quota by a single byte. SQLite's
    transactions are alone anyway.

    Raises:
        AppError: ``storage_full`` (507).
    """
    owner = get_user_model().objects.select_for_update(no_key=True).filter(pk=owner_id)
    list(owner.values_list("pk"))
    check_space(owner_id, size_bytes)


def _free_bytes(folder: Path) -> int:
    """Free bytes on the disk of ``folder``, which need not be there yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def disk_full() -> AppError:
    return _full("The server's disk is full, so nothing was kept. Tell the people who run it.")


def _full(message: str) -> AppError:
    return AppError("storage_full", message, status=507)
