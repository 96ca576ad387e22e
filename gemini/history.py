"""What a model is told of earlier exchanges, and what of it fits.

Signatures, calls and code belong to the model that made them, and signatures to the project of the
key as well: an exchange goes back to that model exactly as it was, in order, signed. Another model,
another agent, or the same model by another key, gets its words and its files.

What does not fit is left out from the oldest on, whole exchanges at a time, and the user is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gemini.files import kind_of
from gemini.parts import is_signed
from gemini.types import Content, Exchange, Part

# Tokens of a file. A picture, and a page of a document, at the resolution Gemini reads by default;
# a page by a usual size; sound and film by the second at usual rates. Estimates, on the high side.
# Source: https://ai.google.dev/gemini-api/docs/tokens, as read on 2026-11-01.
IMAGE_TOKENS = 1_120
PAGE_TOKENS, PAGE_BYTES = 560, 50_000
AUDIO_TOKENS_PER_S, AUDIO_BYTES_PER_S = 32, 16_000
VIDEO_TOKENS_PER_S, VIDEO_BYTES_PER_S = 300, 250_000
ROOM = 0.9  # of the window, for the question, the instruction and the error of an estimate


@dataclass(frozen=True, slots=True)
class FittedHistory:
    """The contents of the newest exchanges, how many these are, and how many are left out."""

    contents: tuple[Content, ...]
    included: int
    left_out: int


def fit_exchanges(
    exchanges: Sequence[Exchange],
    room_tokens: float,
    *,
    agent: str,
    model: str,
    made: bool,
    key: str = "",
    as_text: bool = False,
) -> FittedHistory:
    """The newest exchanges that fit, as ``agent`` may see them on ``model``.

    Args:
        agent: its own part in an exchange goes back as it was, if ``model`` said it.
        key: id of the one that pays; what another one's project signed is not sent.
        as_text: nothing goes back as it was.
        made: files that were made go along, for an agent that works on them.
    """
    newest_first: list[tuple[Content, ...]] = []
    for exchange in reversed(exchanges):
        own = () if as_text else _own(exchange, agent, model, key)
        contents = own or as_plain_text(exchange, made=made)
        room_tokens -= sum(map(content_tokens, contents))
        # Nothing older goes in behind a gap, even if it were small enough: a conversation with a
        # hole in its middle misleads a model more than one that begins later.
        if room_tokens < 0:
            break
        newest_first.append(contents)
    contents = tuple(content for exchange in reversed(newest_first) for content in exchange)
    return FittedHistory(contents, len(newest_first), len(exchanges) - len(newest_first))


def _own(exchange: Exchange, agent: str, model: str, key: str) -> tuple[Content, ...]:
    """The agent's own part, if ``model`` said all of it and signed it for ``key``; else nothing.

    The coordinator's begins with the user's message; that of another agent holds its task.
    """
    # Whole or not at all: Gemini refuses function calls without their signatures, and these mean
    # nothing to another model or to the project of another key.
    own = [content for content in exchange[1:] if content.get("agent", "") == agent]
    models = {content.get("model") for content in own if content["role"] == "model"}
    # A content that does not say which key signed it is believed to fit: refused, it is sent once
    # more as plain text (``repair``).
    signers = {content.get("key", key) for content in own if is_signed(content)}
    if models != {model} or signers - {key}:
        return ()
    return tuple(own) if agent else (exchange[0], *own)


def as_plain_text(exchange: Exchange, *, made: bool = False) -> tuple[Content, ...]:
    """An exchange as its words, with the user's files and, if asked for, those that were made."""
    contents = [exchange[0]]
    for content in exchange[1:]:
        if "agent" in content:
            continue
        texts = _texts(content) if content["role"] == "model" else _results(content)
        answer: Content = {"role": "model", "parts": texts}
        if texts and answer != contents[-1]:  # one agent's answer is the coordinator's, too
            contents.append(answer)
    if made and (files := _made(exchange)):
        # In the user's name, because a picture without its signature is refused in a model's
        # content.
        note: Part = {"text": "This came with the answer above."}
        contents.append({"role": "user", "parts": [*files, note]})
    return tuple(contents)


def _texts(content: Content) -> list[Part]:
    parts = content["parts"]
    return [{"text": p["text"]} for p in parts if p.get("text") and not p.get("thought")]


def _results(content: Content) -> list[Part]:
    """What agents answered the coordinator: the user read it, so it belongs to the words."""
    answers = (
        p["functionResponse"]["response"] for p in content["parts"] if "functionResponse" in p
    )
    return [{"text": answer["output"]} for answer in answers if answer.get("output")]


def _made(exchange: Exchange) -> list[Part]:
    answers = (content for content in exchange[1:] if content["role"] == "model")
    parts = (part for content in answers for part in content["parts"])
    return [{"artifact": part["artifact"]} for part in parts if "artifact" in part]


def content_tokens(content: Content) -> int:
    """An estimate, on the high side: four plain letters a token, any other letter one."""
    return sum(map(_tokens_of_part, content["parts"])) + 4


def _tokens_of_part(part: Part) -> int:
    if text := part.get("text"):
        return text_tokens(text)
    if artifact := part.get("artifact"):
        return file_tokens(artifact["mimeType"], artifact["size"])
    return text_tokens(str(part))


def text_tokens(text: str) -> int:
    letters = len(text)
    # By the encoder and not letter by letter: this runs over all of the history before each call.
    plain = letters if text.isascii() else len(text.encode("ascii", "ignore"))
    return plain // 4 + (letters - plain) + 1


def file_tokens(mime_type: str, size_bytes: int) -> int:
    match kind_of(mime_type):
        case "image":
            return IMAGE_TOKENS
        case "audio":
            return AUDIO_TOKENS_PER_S * (1 + size_bytes // AUDIO_BYTES_PER_S)
        case "video":
            return VIDEO_TOKENS_PER_S * (1 + size_bytes // VIDEO_BYTES_PER_S)
        case "document":
            return PAGE_TOKENS * (1 + size_bytes // PAGE_BYTES)
        case _:
            return size_bytes // 3
