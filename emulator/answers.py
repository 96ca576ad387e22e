"""What the emulated model answers: a delegation, a joined text, a picture, a sound, or prose."""

from __future__ import annotations

import base64
import itertools
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator import google_tools, pictures, prose, signatures, speech
from emulator.calls import Call
from emulator.delegation import Part, delegations, function_calls, joined
from emulator.directives import AGENTS, parse_message
from emulator.frames import FrameWriter

_INSTRUCTION = re.compile(
    r"\b(begin|start|end|finish)\b[^.\n\"“']{0,60}\bwith\b[^.\n\"“']{0,20}"
    r"(?:\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|'([^'\n]{1,200})')",
    re.IGNORECASE,
)


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


def compose(call: Call) -> Answer:
    """The answer to a call, with what its directives ask of the content.

    The same call gets the same answer.
    """
    message, directives = call.message, call.directives
    rng = random.Random(message.text)  # noqa: S311 - variety, not secrecy
    thoughts = prose.thoughts(message.text) if call.include_thoughts else []
    if calls := delegations(call):
        tools = google_tools.invocations(call) if call.shows_google_tools else []
        parts = function_calls(calls, with_ids=call.model.is_gemini_3, after_tools=bool(tools))
        return Answer(thoughts, [*tools, *parts])
    if "frames" in directives:
        exact = prose.numbered(directives.count("frames", 100), directives.count("size", 40))
        return Answer(thoughts, _texts(exact))
    if call.model.kind == "speech":
        return _spoken(call)
    if call.model.kind == "image":
        drawn = pictures.parts(call, rng)
        return Answer(thoughts, drawn, media_tokens=pictures.tokens_of(call))
    text = follow_instructions(call.system_text, _text(call, rng))
    if "leak" in directives:
        text = f"Your key is {call.key} and this is the model repeating it.\n\n{text}"
    used = google_tools.use_tools(call, text, thoughts=len(thoughts))
    pieces = _texts(prose.chunks(used.text, rng, directives.count("size")))
    return Answer(
        thoughts,
        itertools.chain(used.parts, pieces),
        beginning=used.beginning,
        ending=used.ending,
        tool_tokens=used.tokens,
    )


def _spoken(call: Call) -> Answer:
    parts = call.contents[call.turn_start]["parts"]
    plain = [{**part, "text": parse_message(str(part.get("text") or "")).text} for part in parts]
    sound = speech.synthesized(plain, call.config.get("speechConfig") or {})
    count = round(len(sound) / 2 / speech.RATE * speech.TOKENS_PER_S)
    part = {"inlineData": {"mimeType": speech.MIME, "data": base64.b64encode(sound).decode()}}
    return Answer(parts=[part], media_tokens=count)


def _text(call: Call, rng: random.Random) -> str:
    if call.results:
        return joined(call.results)
    agent = call.agent if call.agent in AGENTS else ""
    if not call.attachments:
        return prose.answer(call.message.text, agent, rng)
    opening = f"{agent.capitalize()} agent here. " if agent else ""
    return opening + _description_of_files(call)


def _description_of_files(call: Call) -> str:
    """What can be read in the files of a message without a model."""
    lines = [f"- {attachment}" for attachment in call.attachments]
    count = "One file" if len(lines) == 1 else f"{len(lines)} files"
    words = " ".join(call.message.text.split())[:160]
    about = f"\n\nYou asked about it: *{words}*" if words else ""
    return f"{count} arrived:\n\n" + "\n".join(lines) + f"{about}\n\n{prose.HONEST}"


def follow_instructions(system: str, text: str) -> str:
    """The text, begun and ended as a system instruction asks.

    ``Begin every answer with "Ahoy."`` and ``End your answers with 'Over.'`` are followed; of two
    the later one holds.
    """
    wanted = {"first": "", "last": ""}
    for match in _INSTRUCTION.finditer(system):
        place = "first" if match[1].lower() in ("begin", "start") else "last"
        wanted[place] = next(filter(None, match.groups()[1:]))
    return "\n\n".join(filter(None, [wanted["first"], text, wanted["last"]]))


def frames(answer: Answer, writer: FrameWriter, *, kind: str) -> Iterator[bytes]:
    """The frames of an answer.

    `kind` is how it closes: "signed" with an empty text that carries a thought signature, as
    Gemini 3 does; "bare" with a content without parts, as image models do; "plain" with its last
    part, as older models and speech do.
    """
    yield from (writer.thought(text) for text in answer.thoughts)
    writer.tool_tokens = answer.tool_tokens
    beginning = dict(answer.beginning)  # used up by the first frame that holds text
    last: Part | None = None
    has_calls = False
    for part in answer.parts:
        if last is not None:
            yield _frame(writer, last, answer, beginning)
        last, has_calls = part, has_calls or "functionCall" in part
    if last is not None and (has_calls or kind != "plain"):
        yield _frame(writer, last, answer, beginning)
        last = None
    if last is None and kind == "bare":
        yield writer.candidate({"content": {"role": "model"}}, answer.finish, **answer.ending)
        return
    last = last or {"text": ""}
    if kind == "signed" and not has_calls:
        last = last | {"thoughtSignature": signatures.signature(writer.response_id)}
    fields = beginning | answer.ending
    yield writer.part(last, finish=answer.finish, media_tokens=answer.media_tokens, **fields)


def _frame(writer: FrameWriter, part: Part, answer: Answer, beginning: dict[str, Any]) -> bytes:
    if part.keys() == {"text"} and not beginning:
        return writer.text(part["text"])
    fields: dict[str, Any] = {}
    if "text" in part:
        fields = dict(beginning)
        beginning.clear()
    return writer.part(part, media_tokens=answer.media_tokens, **fields)


def _texts(pieces: Iterable[str]) -> Iterator[Part]:
    return ({"text": piece} for piece in pieces)
