"""A thread as a file a person can keep: JSON or Markdown."""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt

from conversations.models import Artifact, Message
from conversations.selectors import Conversation

SPEAKERS = {"": "Assistant", "coordinator": "Assistant", "text": "Text agent"}
SPEAKERS["media"] = "Media agent"
PARSER = MarkdownIt("commonmark")
HEADING = "# The end"
ENDS = (  # of what goes on over empty lines, in CommonMark
    ("<!--", "-->"),
    ("<?", "?>"),
    ("<![cdata[", "]]>"),
    *((f"<{name}", f"</{name}>") for name in ("pre", "script", "style", "textarea")),
    ("<!", ">"),
)
MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#|!~&]")


def as_json(conversation: Conversation) -> dict[str, Any]:
    """Everything that was said; ``branch`` tells what belongs to the branch spoken in last."""
    thread, current = conversation.thread, conversation.current()
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
                "attachments": message.attachments,
                "created_at": message.created_at,
                "branch": "current" if message.run_id in current else "other",
            }
            for message in conversation.messages
        ],
        "files": list(files.values("id", "name", "mime_type", "size_bytes", "created_at")),
    }


def as_markdown(conversation: Conversation) -> str:
    """The branch that was spoken in last, to be read from top to bottom."""
    current = conversation.current()
    heading = f"# {_escaped(conversation.thread.title or 'Untitled')}"
    said = (
        f"## {_speaker(message)}\n\n{_text(message)}"
        for message in conversation.messages
        if message.run_id in current
    )
    return "\n\n".join([heading, *said]) + "\n"


def _speaker(message: Message) -> str:
    if message.role == Message.Role.USER:
        return "You"
    return SPEAKERS.get(message.agent, message.agent)


def _text(message: Message) -> str:
    """What was said, and a line for each file that it came with."""
    lines = [f"- {_escaped(file['name'])}" for file in message.attachments]
    return "\n\n".join(filter(None, ["\n".join(lines), _closed(message.text)]))


def _escaped(text: str) -> str:
    return MARKDOWN.sub(r"\\\g<0>", text)


def _closed(text: str) -> str:
    """``text`` with an end to the code or HTML that it leaves open: what follows is not part of it.

    A heading behind it tells: where it is read as one, nothing was open.
    """
    last = PARSER.parse(f"{text}\n\n{HEADING}\n")[-1]
    if last.type == "fence":
        return f"{text}\n{last.markup}"
    if last.type == "html_block":
        opening = last.content.lstrip().lower()
        return f"{text}\n{next((end for begin, end in ENDS if opening.startswith(begin)), '')}"
    return text
