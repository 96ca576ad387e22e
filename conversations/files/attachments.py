"""The files that a message carries, and what it remembers of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from conversations.access import attachments_for, canonical_uuid
from conversations.models import Artifact, Message
from gemini.addresses import Address
from gemini.types import FileRef

# {id, name, mime_type, size_bytes}, {notice}, {text_bytes}; of an address also
# {address, assumed_bytes}, {start_s}, {end_s}, {refused}
Snapshot = dict[str, Any]


def attachments_take(*, owner_id: int, thread_id: UUID, ids: Sequence[UUID]) -> list[Snapshot]:
    """Make the files part of the thread whose message carries them; what the message remembers.

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
    return snapshots_of(artifacts)


def snapshots_of(artifacts: Iterable[Artifact]) -> list[Snapshot]:
    return [_snapshot(artifact) for artifact in artifacts]


def _snapshot(artifact: Artifact) -> Snapshot:
    snapshot: Snapshot = {
        "id": str(artifact.pk),
        "name": artifact.name,
        "mime_type": artifact.mime_type,
        "size_bytes": artifact.size_bytes,
    }
    if artifact.notice:
        snapshot["notice"] = artifact.notice
    if artifact.text_bytes is not None:
        snapshot["text_bytes"] = artifact.text_bytes
    return snapshot


def reading_of(file: Mapping[str, Any]) -> tuple[str, int]:
    """MIME type and bytes of what a model is given of a file in a snapshot."""
    if file.get("text_bytes") is not None:
        return "text/plain", file["text_bytes"]
    return file["mime_type"], file.get("assumed_bytes", file["size_bytes"])


def files_refuse(*, owner_id: int, refused: Mapping[str, str]) -> None:
    """Remember of files why Google cannot use them: they do not go back with the next question."""
    for artifact_id, message in refused.items():
        if canonical_uuid(artifact_id) is None:
            continue  # it lies elsewhere
        Artifact.objects.filter(pk=artifact_id, owner_id=owner_id).update(refused=message[:300])


def addresses_refuse(*, thread_id: UUID, refused: Mapping[str, str]) -> None:
    """The same of what lies elsewhere: it is known to the messages of its thread alone."""
    for message in Message.objects.filter(thread_id=thread_id, role=Message.Role.USER):
        unusable = [f for f in message.attachments if "address" in f and f["id"] in refused]
        for file in unusable:
            file["refused"] = refused[file["id"]]
        if unusable:
            message.save(update_fields=["attachments"])


def refusals_of(ids: Iterable[str]) -> dict[str, str]:
    """Which of these files Google cannot use, by id, and why."""
    wanted = set(filter(canonical_uuid, ids))
    if not wanted:
        return {}
    rows = Artifact.objects.filter(pk__in=wanted).exclude(refused="").values_list("pk", "refused")
    return {str(pk): refused for pk, refused in rows}


def file_ref(file: Mapping[str, Any]) -> FileRef:
    """A file of a message as contents name it: of a document, the text that a model is given."""
    mime_type, size = reading_of(file)
    ref: FileRef = {"id": file["id"], "mimeType": mime_type, "name": file["name"], "size": size}
    if "address" in file:
        ref["address"] = file["address"]
    if "start_s" in file:
        ref["startS"] = file["start_s"]
    if "end_s" in file:
        ref["endS"] = file["end_s"]
    return ref


def snapshot_of_address(address: Address) -> Snapshot:
    """What a message remembers of something that lies elsewhere, and is never fetched here."""
    offsets = {"start_s": address.start_s, "end_s": address.end_s}
    return {
        "id": address.id,
        "name": address.name,
        "mime_type": address.mime_type,
        "size_bytes": 0,
        "address": address.url,
        "assumed_bytes": address.assumed_bytes,
        **{name: offset for name, offset in offsets.items() if offset is not None},
    }
