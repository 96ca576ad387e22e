"""How files come and go: uploaded by people, made by agents, deleted.

No connection to the database is held while bytes are decoded or written.
"""

from __future__ import annotations

import errno
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile, File
from django.db import IntegrityError, transaction

from common.errors import AppError, not_found
from common.keylike import refuse_key
from common.streaming import release_connection
from conversations.access import artifact_for, run_for, thread_for
from conversations.files.decoding.pool import decode
from conversations.files.formats.reading import read_file
from conversations.files.formats.results import ReadFile
from conversations.files.mediatypes import stored_type
from conversations.files.names import display_name, with_extension
from conversations.files.quota import check_quota, disk_full, reserve_quota
from conversations.models import Artifact, Thread, artifact_path


def artifact_create(
    *,
    owner_id: int,
    thread_id: UUID,
    run_id: UUID | None,
    data: bytes,
    mime_type: str,
    name: str,
    size: tuple[int, int] | None = None,
    artifact_id: UUID | None = None,
) -> Artifact:
    """Store a file that an agent made; its path is random and nothing of it comes from the name.

    Args:
        mime_type: stored if it is on the list of what is shown; otherwise the file has no type.
        size: width and height of a picture, in pixels.
        artifact_id: the id it is to have, if an event has named it already.

    Raises:
        AppError: ``thread_not_found``, ``run_not_found``, ``storage_full`` (507).
    """
    thread = thread_for(owner_id, thread_id)
    run = run_for(owner_id, run_id) if run_id else None
    artifact = Artifact(owner_id=owner_id, thread=thread, run=run, kind=Artifact.Kind.PRODUCED)
    artifact.id = artifact_id or artifact.id
    artifact.mime_type, artifact.name = stored_type(mime_type), display_name(name)
    artifact.width, artifact.height = size or (None, None)
    _store(artifact, ContentFile(data))
    return artifact


def artifact_upload(*, owner_id: int, file: BinaryIO, size_bytes: int, name: str) -> Artifact:
    """Store a file from a person, if it is of a kind that we take; waits until it was read.

    Metadata about people, places and devices is removed; pictures are stored upright.

    Raises:
        AppError: ``too_large`` (413), ``empty_file``, ``bad_file``, ``unsupported_file`` (415),
            ``storage_full`` (507), ``busy`` (429, 503), ``looks_like_key`` for its name. Nothing
            is stored then.
    """
    refuse_key(name, field="file")
    if size_bytes > settings.UPLOAD_MAX_BYTES:
        raise too_large()
    check_quota(owner_id, size_bytes)
    # Decoding can wait for half a minute (``pool.WAIT_S``), and a few such uploads would hold all
    # connections of the pool.
    release_connection()
    data = file.read()
    read = decode(owner_id, read_file, data, name)
    return artifact_keep(owner_id=owner_id, data=data, read=read, name=name)


def artifact_keep(*, owner_id: int, data: bytes, read: ReadFile, name: str) -> Artifact:
    """Store a file from a person that a worker has read.

    Raises:
        AppError: ``storage_full`` (507). Nothing is stored then.
    """
    artifact = Artifact(owner_id=owner_id, kind=Artifact.Kind.UPLOADED)
    artifact.name = with_extension(display_name(name), read.extension)
    artifact.mime_type, artifact.width, artifact.height = read.mime_type, read.width, read.height
    artifact.notice = read.notice
    text = None if read.text is None else read.text.encode()
    _store(artifact, ContentFile(data if read.data is None else read.data), text)
    return artifact


def artifact_delete(*, owner_id: int, artifact_id: UUID | str) -> None:
    """Remove a file, wherever it was used; messages remember its name."""
    artifact_for(owner_id, artifact_id).delete()


def too_large() -> AppError:
    limit = settings.UPLOAD_MAX_BYTES / 1024 / 1024
    message = f"This file is too large. A file may have {limit:.3g} MB here."
    return AppError("too_large", message, status=413)


def _store(artifact: Artifact, content: File[bytes], text: bytes | None = None) -> None:
    """Write the bytes, the text that stands for them, and the row; or none of them."""
    artifact.size_bytes = content.size
    artifact.text_bytes = None if text is None else len(text)
    size_bytes = content.size + len(text or b"")
    check_quota(artifact.owner_id, size_bytes)
    release_connection()
    # The bytes first, under a name nobody can guess, and the row after them. So a row always has
    # its bytes, and what a killed process leaves is a file that nothing points at: ``cleanmedia``
    # finds those. The other way round, a reader could find a row without its bytes.
    _write(artifact, content, text)
    try:
        with transaction.atomic():
            reserve_quota(artifact.owner_id, size_bytes)
            artifact.save(force_insert=True)
    except BaseException as error:
        _remove(artifact)
        thread_id = artifact.thread_id
        # An agent's file for a conversation that was deleted while it was made is no fault.
        if isinstance(error, IntegrityError) and thread_id and not _is_there(thread_id):
            raise not_found("thread") from None  # it was deleted meanwhile
        raise


def _is_there(thread_id: UUID) -> bool:
    return Thread.objects.filter(pk=thread_id).exists()


def _write(artifact: Artifact, content: File[bytes], text: bytes | None) -> None:
    try:
        artifact.file.save("", content, save=False)
        if text is not None:
            artifact.file.storage.save(artifact.text_name, ContentFile(text))
    except OSError as error:
        # The id was chosen before: if its row is there, the bytes under this name are that row's,
        # and stay. The storage never writes over a file.
        if not Artifact.objects.filter(pk=artifact.pk).exists():
            artifact.file.name = artifact_path(artifact, "")
            _remove(artifact)  # what was written of it
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full() from None
        raise


def _remove(artifact: Artifact) -> None:
    for name in artifact.stored_names:
        artifact.file.storage.delete(name)
