"""A thread as a file a person can keep: JSON or Markdown."""

from __future__ import annotations

from typing import Any

from conversations.models import Artifact, Message
from conversations.selectors import Conversation

SPEAKERS = {"": "Assistant", "coordinator": "Assistant", "text": "Text agent"}
SPEAKERS["media"] = "Media agent"


def as_json(conversation: Conversation) -> dict[str, Any]:
    thread = conversation.thread
    files = Artifact.objects.filter(thread_id=thread.id)
    return {
        "id": thread.id,
        "title": thread.title,
        "created_at": thread.created_at,
        "messages": [
            {
                "role": message.role,
                "agent": message.agent,
                "text": message.text,
                "created_at": message.created_at,
            }
            for message in conversation.messages
        ],
        "files": list(files.values("id", "name", "mime_type", "size_bytes", "created_at")),
    }


def as_markdown(conversation: Conversation) -> str:
    heading = f"# {conversation.thread.title or 'Untitled'}"
    said = (f"## {_speaker(message)}\n\n{message.text}" for message in conversation.messages)
    return "\n\n".join([heading, *said]) + "\n"


def _speaker(message: Message) -> str:
    if message.role == Message.Role.USER:
        return "You"
    return SPEAKERS.get(message.agent, message.agent)
