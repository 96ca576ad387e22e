"""The history of a run: what Gemini is sent of the conversation before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from conversations.branches import path_to
from conversations.files.attachments import StoredAttachment, file_ref, refusals_of
from conversations.models import Message
from gemini.types import Content, Part

REFUSED_CODES = frozenset(
    {"blocked", "recitation", "language", "bad_request", "too_long", "too_large", "stopped"}
)
"""Codes of errors that mean: this very message, sent again, is refused again."""


def history_for(run_id: UUID | None) -> list[list[Content]]:
    """The conversation up to a run: one list of Gemini contents per run, oldest first.

    That is the run and its ancestors; other branches have no part in it. Two queries,
    and one if there are files, however many runs there are; none for None, the start.

    A run that failed or was stopped before the model answered still counts: the person wrote it
    and may refer to it ("try that again"), and Gemini accepts two user contents in a row. But what
    Google refused does not go back, or every later message would be refused for it: a message that
    was refused as such is left out, of a file that was refused only the name goes.
    """
    sent = Message.objects.filter(run__in=path_to(run_id), role=Message.Role.USER)
    fields = ("text", "attachments", "run__contents", "run__error_code")
    exchanges = [
        [user_content(text, files), *contents]
        for text, files, contents, code in sent.order_by("position").values_list(*fields)
        if contents or code not in REFUSED_CODES
    ]
    # All contents at once, for one query however many runs there are, then dealt out again.
    sendable = iter(_without_refused([content for one in exchanges for content in one]))
    return [[next(sendable) for _ in one] for one in exchanges]


def user_content(text: str, attachments: Sequence[StoredAttachment]) -> Content:
    """A user's message as Gemini's content, files first.

    An empty text beside files is left out: Gemini refuses an empty part.

    Args:
        attachments: as the message stores them.
    """
    refused = {file["id"]: file["refused"] for file in attachments if file.get("refused")}
    files = [_sendable({"artifact": file_ref(file)}, refused) for file in attachments]
    texts: list[Part] = [{"text": text}] if text or not files else []
    return {"role": "user", "parts": [*files, *texts]}


def _without_refused(contents: Sequence[Content]) -> list[Content]:
    """Contents with words in the place of the files that Google cannot use."""
    parts = [part for content in contents for part in content["parts"]]
    refused = refusals_of(part["artifact"]["id"] for part in parts if "artifact" in part)
    if not refused:
        return list(contents)
    return [
        {**content, "parts": [_sendable(part, refused) for part in content["parts"]]}
        for content in contents
    ]


def _sendable(part: Part, refused: Mapping[str, str]) -> Part:
    file = part.get("artifact")
    if file is None or file["id"] not in refused:
        return part
    return {"text": f"[File: {file['name']}, {file['mimeType']}. It could not be read.]"}
