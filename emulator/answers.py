"""What the emulated model answers: a delegation, a joined text, a picture, a sound, or prose."""

from __future__ import annotations

import base64
import itertools
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator import google_tools, media, prose, signatures
from emulator.calls import MEDIA_TOOL, TEXT_TOOL, Attachment, Call
from emulator.directives import AGENTS, Directives, Message
from emulator.wire import FrameWriter

Part = dict[str, Any]

_MEDIA = re.compile(
    r"\b(pictures?|images?|photos?|draw|drawing|paint|painting|illustrat\w*|sketch|logo|audio|"
    r"video|speak|aloud|voice|sound)\b",
    re.I,
)
_TEXT = re.compile(
    r"\b(essay|story|stories|article|code|program|report|novel|poem|long text|blog post|"
    r"write\b.*\b\d+ words|\d{3,5}[- ]words?)\b",
    re.I | re.S,
)
_SPEECH = re.compile(r"\b(speak|aloud|voice|audio|say it|read out)\b", re.I)
_DESCRIBE = re.compile(r"\b(describe|what is (in|on)|transcribe|explain)\b", re.I)
_RATIO = re.compile(r"(\d{1,2}):(\d{1,2})")


@dataclass
class Answer:
    """The parts of an answer in order, each a frame, and how it ends."""

    thoughts: list[str] = field(default_factory=list)
    parts: Iterable[Part] = field(default_factory=list)
    finish: str = "STOP"
    ending: dict[str, Any] = field(default_factory=dict)  # more fields of the last candidate
    tool_tokens: int = 0


def compose(call: Call, message: Message, directives: Directives) -> Answer:
    """The answer to a call, with what its directives say about the content."""
    rng = random.Random(call.question)  # noqa: S311 - variety, not secrecy
    thoughts = prose.thoughts(message.said) if call.include_thoughts else []
    if calls := decide(call, message, directives):
        return Answer(thoughts, function_calls(calls, with_ids=call.model.is_gemini_3))
    if "frames" in directives:
        exact = prose.numbered(directives.count("frames", 100), directives.count("size", 40))
        return Answer(thoughts, _texts(exact))
    if call.wants_audio:
        return Answer(parts=[_inline(media.PCM_MIME, media.pcm(message.said))])
    if call.wants_image:
        return Answer(thoughts, _picture(call, message, rng))
    text = _text(call, message, rng)
    if "leak" in directives:
        text = f"Your key is {call.key} and this is the model repeating it.\n\n{text}"
    used = google_tools.use(call, message.said, text, directives)
    pieces = _texts(prose.chunks(text, rng, directives.count("size")))
    parts = itertools.chain(used.parts, pieces)
    return Answer(thoughts, parts, ending=used.ending, tool_tokens=used.tokens)


def frames(answer: Answer, writer: FrameWriter, *, signed: bool, limit: int = 0) -> Iterator[bytes]:
    """The frames of an answer; `limit` is the most tokens it may have (0: no limit).

    With `signed` the last frame is an empty text with a thought signature, as Gemini 3 ends;
    otherwise the last part carries the finish reason.
    """
    writer.tool_tokens = answer.tool_tokens
    yield from (writer.thought(text) for text in answer.thoughts)
    held: Part | None = None
    finish, calls = answer.finish, False
    for part in answer.parts:
        calls = calls or "functionCall" in part
        if held is not None:
            yield _frame(writer, held)
        held = part
        if limit and writer.text_chars >= limit * 4:
            finish = "MAX_TOKENS"
            break
    if held is not None and (signed or calls or "inlineData" in held):
        yield _frame(writer, held)
        held = {"text": ""}
        if signed and not calls:
            held["thoughtSignature"] = signatures.signature(writer.response_id)
    yield writer.part(held or {"text": ""}, finish=finish, **answer.ending)


def _frame(writer: FrameWriter, part: Part) -> bytes:
    return writer.text(part["text"]) if part.keys() == {"text"} else writer.part(part)


def decide(
    call: Call, message: Message, directives: Directives
) -> list[tuple[str, dict[str, Any]]]:
    """Which declared functions to call, with their arguments; none for a direct answer."""
    if not call.declared or call.results:
        return []
    if "call" in directives:
        names = {"text": TEXT_TOOL, "media": MEDIA_TOOL}
        asked = [names.get(name, name) for name in directives.text("call").split(",")]
        reasons = dict.fromkeys(asked, "The message asks for it by name.")
    else:
        reasons = _reasons(message)
    chosen = [name for name in reasons if name in call.declared]
    if not chosen and call.must_call:
        chosen = [next(iter(call.declared))]
    return [
        (name, _arguments(name, call, message, reasons.get(name, "A call was demanded."), chosen))
        for name in chosen
    ]


def _reasons(message: Message) -> dict[str, str]:
    """The agents a message needs, and why; an agent whom a directive names is needed."""
    reasons = {}
    for name, agent, pattern, what in (
        (TEXT_TOOL, "text", _TEXT, "longer writing or code"),
        (MEDIA_TOOL, "media", _MEDIA, "pictures or sound"),
    ):
        if found := pattern.search(message.said):
            word = " ".join(found[0].split())[:40]
            reasons[name] = f'The request asks for {what} ("{word}").'
        elif agent in message.scoped:
            reasons[name] = "The message names this agent."
    return reasons


def _arguments(
    name: str, call: Call, message: Message, reason: str, chosen: list[str]
) -> dict[str, Any]:
    """Arguments for the parameters that are declared, of those this emulator understands."""
    agent = {TEXT_TOOL: "text", MEDIA_TOOL: "media"}.get(name, "")
    share = {"text": "Do the writing in this request: ", "media": "Make the media for: "}
    task = (share.get(agent, "") if len(chosen) > 1 else "") + message.said
    known = {
        "task": task + message.lines_for(agent),
        "reason": reason,
        "output": _output(message.said, bool(call.attachments)),
    }
    declared = call.declared[name]
    return {parameter: value for parameter, value in known.items() if parameter in declared}


def _output(said: str, attached: bool) -> str:
    """What the media agent shall answer with: words about media, a picture, or speech."""
    if _SPEECH.search(said):
        return "speech"
    return "text" if attached or _DESCRIBE.search(said) else "image"


def function_calls(calls: list[tuple[str, dict[str, Any]]], *, with_ids: bool) -> list[Part]:
    """The parts of parallel calls; only the first is signed. Models before 3 give no ids."""
    parts: list[Part] = []
    for name, args in calls:
        call_id = signatures.new_call_id()
        part: Part = {"functionCall": {"name": name, "args": args}}
        if with_ids:
            part["functionCall"]["id"] = call_id
        if not parts:
            part["thoughtSignature"] = signatures.signature(call_id)
        parts.append(part)
    return parts


def _text(call: Call, message: Message, rng: random.Random) -> str:
    if call.results:
        return joined(call.results)
    agent = call.agent if call.agent in AGENTS else ""
    if call.attachments:
        opening = f"{agent.capitalize()} agent here. " if agent else ""
        return opening + described(call.attachments, message.said)
    return prose.answer(message.said, agent, call.message_number, rng)


def joined(results: list[dict[str, Any]]) -> str:
    """A short text that brings the results of the agents together."""
    names = {TEXT_TOOL: "The text agent", MEDIA_TOOL: "The media agent"}
    lines = []
    for result in results:
        who = names.get(str(result.get("name")), f"`{result.get('name')}`")
        lines.append(f"- {who} {_outcome(result)}")
    return "Here is what came back:\n\n" + "\n".join(lines) + f"\n\n{prose.HONEST}"


def _outcome(result: dict[str, Any]) -> str:
    response = result.get("response") or {}
    if "error" in response:
        return f"could not finish: {str(response['error'])[:200]}"
    said = " ".join(str(response.get("output", response.get("result", response))).split())
    start = said[:80] + ("..." if len(said) > 80 else "")
    files = len(result.get("parts") or [])
    attached = f" and sent {files} file{'s' if files > 1 else ''}" if files else ""
    return f"answered with {len(said.split())} words{attached}, beginning: “{start}”"


def described(attachments: list[Attachment], said: str) -> str:
    """An honest description of the files that arrived: what can be read without a model."""
    lines = [f"- {_description(attachment)}" for attachment in attachments]
    count = "One file" if len(lines) == 1 else f"{len(lines)} files"
    question = f"\n\nYou asked about it: *{' '.join(said.split())[:160]}*" if said else ""
    return f"{count} arrived:\n\n" + "\n".join(lines) + f"{question}\n\n{prose.HONEST}"


def _description(attachment: Attachment) -> str:
    if attachment.uri:
        return f"`{attachment.mime_type or 'unknown type'}` at {attachment.uri}"
    if attachment.data is None:
        return f"`{attachment.mime_type}` that could not be decoded"
    size = media.png_size(attachment.data)
    shape = f", {size[0]} x {size[1]} pixels" if size else ""
    return f"`{attachment.mime_type}`, {len(attachment.data):,} bytes{shape}"


def _picture(call: Call, message: Message, rng: random.Random) -> Iterator[Part]:
    """A sentence (unless only the picture is wanted) and a picture of the shape asked for."""
    width, height = _shape(str((call.config.get("imageConfig") or {}).get("aspectRatio", "")))
    if call.modalities != {"IMAGE"}:
        came = f" I was given {_description(call.attachments[0])}." if call.attachments else ""
        about = ", ".join(prose.keywords(message.said, 3))
        text = f"A {width} x {height} picture with colours chosen by: {about}.{came} {prose.HONEST}"
        yield from _texts(prose.chunks(text + "\n\n", rng))
    picture = _inline("image/png", media.png(message.said, width, height))
    if call.model.is_gemini_3:
        picture["thoughtSignature"] = signatures.signature(message.said)
    yield picture


def _shape(ratio: str) -> tuple[int, int]:
    found = _RATIO.fullmatch(ratio)
    if not found or not int(found[1]) or not int(found[2]):
        return 256, 256
    wide, high = int(found[1]), int(found[2])
    return (256, 256 * high // wide) if wide >= high else (256 * wide // high, 256)


def _texts(pieces: Iterable[str]) -> Iterator[Part]:
    return ({"text": piece} for piece in pieces)


def _inline(mime_type: str, data: bytes) -> Part:
    return {"inlineData": {"mimeType": mime_type, "data": base64.b64encode(data).decode()}}
