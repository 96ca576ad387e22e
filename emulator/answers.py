"""What the emulated model answers: a delegation, a joined text, a picture, a sound, or prose."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator import google_tools, instructions, pictures, prose, signatures, speech
from emulator.attachments import Attachment
from emulator.calls import Call
from emulator.delegation import Part, decide, function_calls, joined
from emulator.directives import AGENTS, Directives, Message, take_apart
from emulator.frames import FrameWriter


@dataclass
class Answer:
    """The parts of an answer in order, each a frame, and how it ends."""

    thoughts: list[str] = field(default_factory=list)
    parts: Iterable[Part] = field(default_factory=list)
    finish: str = "STOP"
    beginning: dict[str, Any] = field(default_factory=dict)  # more fields of the first with text
    ending: dict[str, Any] = field(default_factory=dict)  # more fields of the last candidate
    tool_tokens: int = 0
    media_tokens: int = 0  # of each picture or sound


def compose(call: Call, message: Message, directives: Directives) -> Answer:
    """The answer to a call, with what its directives say about the content.

    The same call gets the same answer.
    """
    rng = random.Random(call.question)  # noqa: S311 - variety, not secrecy
    thoughts = prose.thoughts(message.said) if call.include_thoughts else []
    if calls := decide(call, message, directives):
        tools = google_tools.invocations(call, message.said, directives)
        asked = function_calls(calls, with_ids=call.model.is_gemini_3, after_tools=bool(tools))
        return Answer(thoughts, [*tools, *asked])
    if "frames" in directives:
        exact = prose.numbered(directives.count("frames", 100), directives.count("size", 40))
        return Answer(thoughts, _texts(exact))
    if call.wants_audio:
        return _spoken(call)
    if call.wants_image:
        parts = pictures.parts(call, message, directives, rng)
        return Answer(thoughts, parts, media_tokens=pictures.tokens_of(call))
    return _written(call, message, directives, rng, thoughts)


def _written(
    call: Call, message: Message, directives: Directives, rng: random.Random, thoughts: list[str]
) -> Answer:
    text = instructions.followed(call.system_text, _text(call, message, rng))
    if "leak" in directives:
        text = f"Your key is {call.key} and this is the model repeating it.\n\n{text}"
    used = google_tools.use(call, message.said, text, directives, thoughts=len(thoughts))
    pieces = _texts(prose.chunks(used.text, rng, directives.count("size")))
    parts = itertools.chain(used.parts, pieces)
    return Answer(
        thoughts, parts, beginning=used.beginning, ending=used.ending, tool_tokens=used.tokens
    )


def _spoken(call: Call) -> Answer:
    parts = call.contents[call.question_index]["parts"]
    said = [{**part, "text": take_apart(str(part.get("text") or "")).said} for part in parts]
    sound = speech.spoken(said, call.config.get("speechConfig") or {})
    count = round(len(sound) / 2 / speech.RATE * speech.TOKENS_PER_S)
    part = {"inlineData": {"mimeType": speech.MIME, "data": base64.b64encode(sound).decode()}}
    return Answer(parts=[part], media_tokens=count)


def frames(answer: Answer, writer: FrameWriter, *, kind: str, limit: int = 0) -> Iterator[bytes]:
    """The frames of an answer; `limit` is the most tokens it may have (0: no limit).

    `kind` is how it closes: "signed" with an empty text that carries a thought signature, as
    Gemini 3 does; "bare" with a content without parts, as image models do; "plain" with its last
    part, as older models and speech do.
    """
    yield from (writer.thought(text) for text in answer.thoughts)
    writer.tool_tokens = answer.tool_tokens
    held: Part | None = None
    finish, calls = answer.finish, False
    beginning = dict(answer.beginning)
    for part in answer.parts:
        calls = calls or "functionCall" in part
        if held is not None:
            yield _frame(writer, held, answer, beginning)
        held = part
        if limit and writer.text_chars >= limit * 4:
            finish = "MAX_TOKENS"
            break
    if held is not None and (calls or kind != "plain"):
        yield _frame(writer, held, answer, beginning)
        held = None
    if held is None and kind == "bare":
        yield writer.candidate({"content": {"role": "model"}}, finish, **answer.ending)
        return
    last = held or {"text": ""}
    if kind == "signed" and not calls:
        last = last | {"thoughtSignature": signatures.signature(writer.response_id)}
    extra = beginning | answer.ending
    yield writer.part(last, finish=finish, media_tokens=answer.media_tokens, **extra)


def _frame(writer: FrameWriter, part: Part, answer: Answer, beginning: dict[str, Any]) -> bytes:
    """One frame; the first that holds text has the fields of a beginning, which are used up."""
    if part.keys() == {"text"} and not beginning:
        return writer.text(part["text"])
    extra: dict[str, Any] = {}
    if "text" in part:
        extra = dict(beginning)
        beginning.clear()
    return writer.part(part, media_tokens=answer.media_tokens, **extra)


def _text(call: Call, message: Message, rng: random.Random) -> str:
    if call.results:
        return joined(call.results, call.answered)
    agent = call.agent if call.agent in AGENTS else ""
    if call.attachments:
        opening = f"{agent.capitalize()} agent here. " if agent else ""
        return opening + described(call.attachments, message.said)
    return prose.answer(message.said, agent, call.message_number, rng)


def described(attachments: list[Attachment], said: str) -> str:
    """An honest description of the files that arrived: what can be read without a model."""
    lines = [f"- {attachment.described()}" for attachment in attachments]
    count = "One file" if len(lines) == 1 else f"{len(lines)} files"
    question = f"\n\nYou asked about it: *{' '.join(said.split())[:160]}*" if said else ""
    return f"{count} arrived:\n\n" + "\n".join(lines) + f"{question}\n\n{prose.HONEST}"


def _texts(pieces: Iterable[str]) -> Iterator[Part]:
    return ({"text": piece} for piece in pieces)
