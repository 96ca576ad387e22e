"""The bytes of artifacts: how they are sent out, and that they go when their row goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from common.errors import not_found
from common.streaming import CHUNK_BYTES, chunked_response
from conversations.files.mediatypes import (
    OTHER_TYPE,
    PLAYED_TYPES,
    SANDBOXED_TYPE,
    SHOWN_TYPES,
    TEXTS,
)
from conversations.models import Artifact

INERT = "default-src 'none'; sandbox"
# Search suggestions have to be shown as Google sent them, and their links have to open.
SANDBOXED = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'self'"
)
PART_BYTES = 4 * 1024 * 1024
# 18 digits are more than any file has bytes, and few enough for int() of whatever is sent.
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def file_response(
    request: HttpRequest, artifact: Artifact, *, byte_range: str = "", by_signed_url: bool = False
) -> HttpResponseBase:
    """The file, in a form that runs nothing even if somebody opens it as a page.

    Of a part only that part is read, and 4 MiB of it at most: players ask for all there is from
    some place on, and ask again for what is missing.

    Args:
        byte_range: the ``Range`` header. What is not one range is answered with the whole file.
        by_signed_url: as players and frames ask for it.

    Raises:
        AppError: ``file_not_found`` (404).
    """
    try:
        size = artifact.file.size
        part = _part(byte_range, size)
        if part is not None and not part:
            # 416 is for a range that is none of this file's; one that makes no sense was let pass
            # above.
            return _no_such_part(size)
        sent = range(size) if part is None else part
        response = chunked_response(request, _chunks(artifact, sent))
    except FileNotFoundError:
        raise not_found("file") from None
    for name, value in _headers(artifact, by_signed_url).items():
        response[name] = value
    response["Content-Length"] = str(len(sent))
    if part:
        response.status_code = 206
        response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    # Django's own middleware asks for this name.
    response.xframe_options_exempt = _is_framed(artifact, by_signed_url)  # type: ignore[attr-defined]
    return response


def _chunks(artifact: Artifact, part: range) -> Iterator[bytes]:
    with artifact.file.storage.open(str(artifact.file.name), "rb") as file:
        file.seek(part.start)
        for at in range(part.start, part.stop, CHUNK_BYTES):
            yield file.read(min(CHUNK_BYTES, part.stop - at))


def _part(byte_range: str, size: int) -> range | None:
    """The bytes of a range; empty if the file has none of them, None for the whole file."""
    match = RANGE.fullmatch(byte_range)
    first, last = match.groups() if match else ("", "")
    # By RFC 9110 such a range is invalid and is ignored, as one with other units is.
    if first and last and int(first) > int(last):
        return None
    if first:
        end = min(int(last) + 1 if last else size, size, int(first) + PART_BYTES)
        return range(int(first), max(end, int(first)))
    if last:
        begin = max(size - int(last), 0)
        return range(begin, min(size, begin + PART_BYTES))
    return None


def _no_such_part(size: int) -> HttpResponse:
    body = {"code": "bad_range", "message": "This file does not reach that far."}
    return JsonResponse(body, status=416, headers={"Content-Range": f"bytes */{size}"})


def _is_framed(artifact: Artifact, by_signed_url: bool) -> bool:
    """Whether it may be shown in a frame of the page: what agents made for that, and no upload."""
    made_for_it = artifact.mime_type == SANDBOXED_TYPE
    return by_signed_url and made_for_it and artifact.kind == Artifact.Kind.PRODUCED


def _headers(artifact: Artifact, by_signed_url: bool) -> dict[str, str]:
    framed = _is_framed(artifact, by_signed_url)
    mime_type = artifact.mime_type if framed or artifact.mime_type in SHOWN_TYPES else OTHER_TYPE
    shown = framed or (by_signed_url and mime_type in PLAYED_TYPES)
    # A text in another encoding is stored as it came; what a model is given of it is beside it.
    in_utf8 = mime_type in TEXTS and artifact.text_bytes is None
    charset = "; charset=utf-8" if framed or in_utf8 else ""
    return {
        "Content-Type": mime_type + charset,
        "Content-Disposition": content_disposition_header(not shown, artifact.name or "file")
        or "inline",
        "Content-Security-Policy": SANDBOXED if framed else INERT,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Accept-Ranges": "bytes",
    }


@receiver(post_delete, sender=Artifact, dispatch_uid="conversations.remove_file")
def remove_file(instance: Artifact, **kwargs: Any) -> None:
    """Remove the bytes once the row is really gone.

    A signal, because rows also go by cascade: with a thread here, with a user in the admin.
    """
    if instance.file.name:
        for name in instance.stored_names:
            remove = partial(instance.file.storage.delete, name)
            # Not before the commit: rolled back, the row would be there without its bytes.
            # ``robust``, because what fails here can undo nothing any more; ``cleanmedia`` finds
            # the file later.
            transaction.on_commit(remove, robust=True)
