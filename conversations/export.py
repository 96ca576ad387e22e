"""A thread as a file for its owner: JSON or Markdown, made while it is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q
from rest_framework.utils.encoders import JSONEncoder

from common.errors import AppError
from common.streaming import release_connection
from conversations.branches import current_branch
from conversations.files.decoding.pool import decode
from conversations.files.formats.markdown import closed, may_be_open
from conversations.messages import messages_of
from conversations.models import Artifact, Message
from conversations.threads import ThreadSummary

SPEAKERS = {"": "Assistant", "coordinator": "Assistant", "text": "Text agent"}
SPEAKERS["media"] = "Media agent"
FILES_BATCH = 500
CHUNK_CHARS = 64 * 1024
# A megabyte of brackets or of nested lists takes the parser twenty seconds of CPU time.
SHORT_CHARS = 4096  # read at once; the time that Markdown takes grows with it
MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#|!~&]")


def as_json(thread: ThreadSummary, owner_id: int) -> Iterator[str]:
    """All messages; ``branch`` is ``current`` for those of the branch spoken in last."""
    # Once for the whole export: while it is sent the thread can grow a branch, and the first part
    # would follow one and the rest the other.
    current = current_branch(thread.id)
    head = {"id": thread.id, "title": thread.title, "created_at": thread.created_at}
    head["instructions"] = thread.instructions
    yield f'{_json(head)[:-1]},"messages":['
    for at, message in enumerate(messages_of(thread.id)):
        item = {
            "role": message.role,
            "agent": message.agent,
            "text": message.text,
            "attachments": message.attachments,
            "created_at": message.created_at,
            "branch": "current" if message.run_id in current else "other",
        }
        yield f"{',' if at else ''}{_json(item)}"
    yield '],"files":['
    for at, row in enumerate(_files_of(thread.id)):
        yield f"{',' if at else ''}{_json(row)}"
    yield "]}"


def _files_of(thread_id: UUID) -> Iterator[Mapping[str, Any]]:
    """In pages instead of one cursor, whose connection would be held while they are sent."""
    files = Artifact.objects.filter(thread_id=thread_id).order_by("created_at", "id")
    rows = page = files.values("id", "name", "mime_type", "size_bytes", "created_at")
    while batch := list(page[:FILES_BATCH]):
        yield from batch
        at, last = batch[-1]["created_at"], batch[-1]["id"]
        page = rows.filter(Q(created_at__gt=at) | Q(created_at=at, id__gt=last))


def as_markdown(thread: ThreadSummary, owner_id: int) -> Iterator[str]:
    """The branch that was spoken in last, to be read from top to bottom."""
    current = current_branch(thread.id)
    yield f"# {_escaped(thread.title or 'Untitled')}"
    if thread.instructions:
        yield f"\n\n## Instructions\n\n{_closed(owner_id, thread.instructions)}"
    for message in messages_of(thread.id):
        if message.run_id in current:
            yield f"\n\n## {_speaker(message)}\n\n{_text(owner_id, message)}"
    yield "\n"


def in_chunks(parts: Iterator[str]) -> Iterator[bytes]:
    """The parts as UTF-8, joined to chunks that are worth sending."""
    chunk: list[str] = []
    size = 0
    for part in parts:
        chunk.append(part)
        size += len(part)
        if size >= CHUNK_CHARS:
            yield "".join(chunk).encode()
            chunk, size = [], 0
    yield "".join(chunk).encode()


def _json(value: Any) -> str:
    return json.dumps(value, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"))


def _speaker(message: Message) -> str:
    if message.role == Message.Role.USER:
        return "You"
    return SPEAKERS.get(message.agent, message.agent)


def _text(owner_id: int, message: Message) -> str:
    """The text of a message, below a line for each file that it carries."""
    lines = [f"- {_escaped(_named(file))}" for file in message.attachments]
    return "\n\n".join(filter(None, ["\n".join(lines), _closed(owner_id, message.text)]))


def _named(file: Mapping[str, Any]) -> str:
    """A file by its name, and what lies elsewhere by its address and the part that is meant."""
    if "address" not in file:
        return str(file["name"])
    words = {"from": "start_s", "to": "end_s"}
    offsets = [f"{word} {file[at]} s" for word, at in words.items() if at in file]
    return " ".join([file["address"], *offsets])


def _escaped(text: str) -> str:
    return MARKDOWN.sub(r"\\\g<0>", text)


def _closed(owner_id: int, text: str) -> str:
    """``text`` with an end to what it leaves open; what takes too long to read stays as it is."""
    if not may_be_open(text):
        return text
    if len(text) <= SHORT_CHARS:
        return closed(text)
    # A worker may be busy with others' files for a while, and connections are few.
    release_connection()
    try:
        return decode(owner_id, closed, text)
    except AppError:
        return text
