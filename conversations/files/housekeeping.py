"""Files and rows that lost each other, and uploads that no message ever carried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common.errors import AppError
from conversations.models import ARTIFACTS, TEXT_SUFFIX, Artifact

BEING_STORED = timedelta(hours=1)  # a file is there before its row: it may be on its way
UNSENT = timedelta(hours=24)
ROWS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Removed:
    """How many were removed, or would be."""

    files_without_row: int
    rows_without_file: int
    unsent_uploads: int


def media_clean(*, dry_run: bool = False) -> Removed:
    """Remove files without a row, rows without a file, and uploads unsent for a day.

    Raises:
        AppError: ``media_missing`` when there are rows and no file of any: that is a disk which
            is not there, and no reason to forget what is on it.
    """
    now = timezone.now()
    files = list(_files_without_row(now - BEING_STORED))
    rows = _rows_without_file()
    unsent = Artifact.objects.filter(
        kind=Artifact.Kind.UPLOADED, thread=None, created_at__lt=now - UNSENT
    )
    if dry_run:
        return Removed(len(files), len(rows), unsent.count())
    for name in files:
        default_storage.delete(name)
    for batch in _batches(rows):
        _delete(Artifact.objects.filter(pk__in=batch))
    return Removed(len(files), len(rows), _delete(unsent))


def _files_without_row(before: datetime) -> Iterator[str]:
    """The files are listed before the rows, or one stored in between would look lost."""
    if not default_storage.exists(ARTIFACTS):
        return
    for folder in default_storage.listdir(ARTIFACTS)[0]:
        place = f"{ARTIFACTS}/{folder}/"
        names = [place + name for name in default_storage.listdir(place)[1]]
        rows = Artifact.objects.filter(file__startswith=place)
        known = set(rows.values_list("file", flat=True))
        for name in names:
            if (
                # The text of a document stays as long as the file that it stands for.
                name.removesuffix(TEXT_SUFFIX) not in known
                and default_storage.get_modified_time(name) < before
            ):
                yield name


def _rows_without_file() -> list[UUID]:
    rows = Artifact.objects.order_by("pk").values_list("pk", "file")
    lost = [key for key, name in rows.iterator() if not default_storage.exists(name)]
    # A single row may well have lost its file by itself; all rows at once have not.
    if len(lost) > 1 and len(lost) == rows.count():
        message = "Not one file is there. Is the disk of MEDIA_ROOT mounted? Nothing was removed."
        raise AppError("media_missing", message)
    return lost


def _batches(keys: list[UUID]) -> Iterator[list[UUID]]:
    return (keys[at : at + ROWS_AT_ONCE] for at in range(0, len(keys), ROWS_AT_ONCE))


def _delete(rows: QuerySet[Artifact]) -> int:
    """Delete in short transactions, each row as long as it is still one of ``rows``."""
    deleted = 0
    while True:
        with transaction.atomic():
            # Locked and tested in one statement: an upload that a message takes at this very moment
            # is none of ``rows`` any more once the lock is given.
            locked = rows.select_for_update().order_by("pk").values_list("pk", flat=True)
            batch = list(locked[:ROWS_AT_ONCE])
            Artifact.objects.filter(pk__in=batch).delete()
        deleted += len(batch)
        if len(batch) < ROWS_AT_ONCE:
            return deleted
