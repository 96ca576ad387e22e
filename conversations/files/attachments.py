"""The files that a message carries, and what it remembers of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NotRequired, TypedDict
from uuid import UUID

from conversations.access import attachments_for, canonical_uuid
from conversations.models import Artifact, Message
from gemini.addresses import Address
from gemini.types import FileRef


class StoredAttachment(TypedDict):
    """A file in ``Message.attachments``, as it was when it was sent, whatever becomes of it.

    Stored in many rows and shown by the API, so fields are only ever added.

    Attributes:
        id: of an Artifact, or made from the address of a file that lies elsewhere.
        size_bytes: 0 for a file that lies elsewhere; ``assumed_bytes`` is for estimates then.
        notice: what its owner should know about how it is read.
        text_bytes: size of the text that a model is given instead of the file.
        start_s, end_s: the part of a video that is meant.
        refused: why Google cannot use it. Stored for addresses alone, which have no Artifact.
    """

    id: str
    name: str
    mime_type: str
    size_bytes: int
    notice: NotRequired[str]
    text_bytes: NotRequired[int]
    address: NotRequired[str]
    assumed_bytes: NotRequired[int]
    start_s: NotRequired[int]
    end_s: NotRequired[int]
    refused: NotRequired[str]


def attachments_take(
    *, owner_id: int, thread_id: UUID, ids: Sequence[UUID]
) -> list[StoredAttachment]:
    """Make the files part of the thread whose message carries them; what the message stores.

    Called in the transaction that stores the message. A file that is part of a thread already
    stays with that one.

    Raises:
        AppError: ``file_not_found`` (404), ``too_many_files``.
    """
    if not ids:
        return []
    artifacts = attachments_for(owner_id, ids, lock=True)
    loose = [artifact.pk for artifact in artifacts if artifact.thread_id is None]
    Artifact.objects.filter(pk__in=loose).update(thread_id=thread_id)
    return [stored_artifact(artifact) for artifact in artifacts]


def stored_artifact(artifact: Artifact) -> StoredAttachment:
    """What a message stores of a file of its owner."""
    attachment: StoredAttachment = {
        "id": str(artifact.pk),
        "name": artifact.name,
        "mime_type": artifact.mime_type,
        "size_bytes": artifact.size_bytes,
    }
    if artifact.notice:
        attachment["notice"] = artifact.notice
    if artifact.text_bytes is not None:
        attachment["text_bytes"] = artifact.text_bytes
    return attachment


def stored_address(address: Address) -> StoredAttachment:
    """What a message stores of a file that lies elsewhere and is never fetched here."""
    attachment: StoredAttachment = {
        "id": address.id,
        "name": address.name,
        "mime_type": address.mime_type,
        "size_bytes": 0,
        "address": address.url,
        "assumed_bytes": address.assumed_bytes,
    }
    if address.start_s is not None:
        attachment["start_s"] = address.start_s
    if address.end_s is not None:
        attachment["end_s"] = address.end_s
    return attachment


def file_ref(attachment: StoredAttachment) -> FileRef:
    """An attachment as contents name it: of a document, the text that a model is given."""
    mime_type = attachment["mime_type"]
    size = attachment.get("assumed_bytes", attachment["size_bytes"])
    if "text_bytes" in attachment:
        mime_type, size = "text/plain", attachment["text_bytes"]
    ref: FileRef = {
        "id": attachment["id"],
        "mimeType": mime_type,
        "name": attachment["name"],
        "size": size,
    }
    if "address" in attachment:
        ref["address"] = attachment["address"]
    if "start_s" in attachment:
        ref["startS"] = attachment["start_s"]
    if "end_s" in attachment:
        ref["endS"] = attachment["end_s"]
    return ref


def files_refuse(*, owner_id: int, refused: Mapping[str, str]) -> None:
    """Store with files why Google cannot use them: they are not sent again with later messages."""
    for artifact_id, message in refused.items():
        if canonical_uuid(artifact_id) is None:
            continue  # it lies elsewhere
        Artifact.objects.filter(pk=artifact_id, owner_id=owner_id).update(refused=message[:300])


def addresses_refuse(*, thread_id: UUID, refused: Mapping[str, str]) -> None:
    """The same for what lies elsewhere: only the messages of its thread know it."""
    for message in Message.objects.filter(thread_id=thread_id, role=Message.Role.USER):
        unusable = [f for f in message.attachments if "address" in f and f["id"] in refused]
        for file in unusable:
            file["refused"] = refused[file["id"]]
        if unusable:
            message.save(update_fields=["attachments"])


def refusals_of(ids: Iterable[str]) -> dict[str, str]:
    """Which of these files Google cannot use, by id, and why."""
    artifact_ids = set(filter(canonical_uuid, ids))
    if not artifact_ids:
        return {}
    refused = Artifact.objects.filter(pk__in=artifact_ids).exclude(refused="")
    return {str(pk): why for pk, why in refused.values_list("pk", "refused")}
