"""The bytes of artifacts: how they are sent out, and that they go when their row goes."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from common.errors import not_found
from conversations.models import Artifact

# What a browser may be told these bytes are; anything else is a download of unknown kind.
SHOWN_TYPES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/webp",
        "image/gif",
        "audio/wav",
        "audio/mpeg",
        "video/mp4",
        "application/pdf",
    }
)
OTHER_TYPE = "application/octet-stream"


def file_response(artifact: Artifact) -> HttpResponse:
    """The file, in a form that runs nothing even if somebody opens it as a page.

    The bytes are read whole: under ASGI, Django's file streaming does the same, with a warning.
    """
    try:
        with artifact.file.open("rb") as file:
            data = file.read()
    except FileNotFoundError:
        raise not_found("file") from None
    mime_type = artifact.mime_type if artifact.mime_type in SHOWN_TYPES else OTHER_TYPE
    return HttpResponse(
        data,
        content_type=mime_type,
        headers={
            "Content-Disposition": content_disposition_header(True, artifact.name or "file"),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


@receiver(post_delete, sender=Artifact, dispatch_uid="conversations.remove_file")
def remove_file(instance: Artifact, **kwargs: Any) -> None:
    """Remove the bytes once the row is really gone.

    A signal, because rows also go by cascade: with a thread here, with a user in the admin.
    """
    if instance.file.name:
        remove = partial(instance.file.storage.delete, instance.file.name)
        transaction.on_commit(remove, robust=True)
