"""Whom the emulated coordinator asks, and how it brings their results together."""

from __future__ import annotations

import math
import re
from typing import Any

from emulator import prose, signatures
from emulator.calls import MEDIA_TOOL, TEXT_TOOL, Call
from emulator.directives import Directives, Message

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
_MEDIA_OPTIONS = {
    "aspect_ratio": re.compile(r"\b(\d{1,2}:\d{1,2})\b"),
    "image_size": re.compile(r"\b([124]K)\b"),
    "style": re.compile(r"\b(?:voice|tone) that is ([\w ,]+)", re.I),
}
_SPEAKERS = re.compile(r"\bdialogue (?:between|of) (\w+) and (\w+)", re.I)
_PROPER = re.compile(r"(?<=[a-z,] )[A-Z][\w-]+(?: [A-Z][\w-]+)*")  # within a sentence
_EMPTY_WORDS = frozenset({"agent", "call", "tool", "function", "with", "from", "make", "what"})
_DESCRIBE = re.compile(r"\b(describe|what is (in|on)|transcribe|explain)\b", re.I)


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
        reasons = _reasons(message) | _named(call, message.said)
    chosen = [name for name in reasons if name in call.declared]
    return [(name, _arguments(name, call, message, reasons[name], chosen)) for name in chosen]


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


def _named(call: Call, said: str) -> dict[str, str]:
    """Functions other than the team's that the words call for: one word of the name is said."""
    words = set(re.findall(r"[a-z]+", said.lower()))
    found = {}
    for name in call.declared:
        spoken = words & {part for part in name.lower().split("_") if len(part) > 3} - _EMPTY_WORDS
        if spoken and name not in (TEXT_TOOL, MEDIA_TOOL):
            found[name] = f'The request says "{min(spoken)}".'
    return found


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
        **_media_options(message.said),
    }
    declared = call.declared[name]
    if name not in (TEXT_TOOL, MEDIA_TOOL):
        known |= _made(call.schema_of(name), message.said, declared - known.keys())
    return {parameter: value for parameter, value in known.items() if parameter in declared}


def _made(schema: dict[str, Any], said: str, names: frozenset[str]) -> dict[str, Any]:
    """Values that the schema allows for parameters nobody here understands.

    A text becomes the last name in the message ("Sunnyvale"), else its words; numbers are those of
    the message, in order.
    """
    proper = _PROPER.findall(said)
    words = proper[-1] if proper else " ".join(said.split())[:80]
    wanted = {n: about for n, about in (schema.get("properties") or {}).items() if n in names}
    figures = prose.numbers(said)
    return {name: _value(about, words, figures) for name, about in wanted.items()}


def _value(schema: dict[str, Any], words: str, figures: list[float]) -> Any:
    """A value of the schema; None where it says nothing that is understood here."""
    if choices := schema.get("enum"):
        return choices[0]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return _value(choices[0], words, figures)
    kinds = schema.get("type")
    kind = str(kinds[0] if isinstance(kinds, list) else kinds).lower()
    if kind == "object":
        inner = (schema.get("properties") or {}).items()
        return {name: _value(about, words, figures) for name, about in inner}
    if kind == "array":
        return [_value(schema.get("items") or {}, words, figures)]
    if kind in ("integer", "number"):
        figure = max(figures.pop(0) if figures else 1.0, schema.get("minimum", -math.inf))
        figure = min(figure, schema.get("maximum", math.inf))
        return int(figure) if kind == "integer" else float(figure)
    return {"string": words[: schema.get("maxLength")], "boolean": True}.get(kind)


def _media_options(said: str) -> dict[str, str]:
    """What the words say about how a picture or a dialogue shall be."""
    found = {name: pattern.search(said) for name, pattern in _MEDIA_OPTIONS.items()}
    options = {name: match[1] for name, match in found.items() if match}
    if speakers := _SPEAKERS.search(said):
        options["speakers"] = f"{speakers[1]}, {speakers[2]}"
    return options


def _output(said: str, attached: bool) -> str:
    """What the media agent shall answer with: words about media, a picture, or speech."""
    if _SPEECH.search(said):
        return "speech"
    return "text" if attached or _DESCRIBE.search(said) else "image"


def function_calls(
    calls: list[tuple[str, dict[str, Any]]], *, with_ids: bool, after_tools: bool = False
) -> list[Part]:
    """The parts of parallel calls; only the first is signed. Models before 3 give no ids.

    `after_tools`: a tool of Google's was used before, and its parts are to come back with these.
    """
    parts: list[Part] = []
    for name, args in calls:
        call_id = signatures.new_call_id(after_tools=after_tools)
        part: Part = {"functionCall": {"name": name, "args": args}}
        if with_ids:
            part["functionCall"]["id"] = call_id
        if not parts:
            part["thoughtSignature"] = signatures.signature(call_id)
        parts.append(part)
    return parts


def joined(results: list[dict[str, Any]], calls: list[dict[str, Any]]) -> str:
    """A short text that brings the results of the agents, or of other functions, together."""
    names = {TEXT_TOOL: "The text agent", MEDIA_TOOL: "The media agent"}
    lines = []
    for number, result in enumerate(results):
        args = calls[number].get("args") if number < len(calls) else None
        given = ", ".join(str(value)[:40] for value in (args or {}).values())
        who = names.get(str(result.get("name")), f"`{result.get('name')}({given})`")
        lines.append(f"- {who} {_outcome(result)}")
    return "Here is what came back:\n\n" + "\n".join(lines) + f"\n\n{prose.HONEST}"


def _outcome(result: dict[str, Any]) -> str:
    response = result.get("response") or {}
    if "error" in response:
        return f"could not finish: {str(response['error'])[:200]}"
    said = " ".join(str(response.get("output", response.get("result", response))).split())
    start = said[:120] + ("..." if len(said) > 120 else "")
    files = len(result.get("parts") or [])
    attached = f" and sent {files} file{'s' if files > 1 else ''}" if files else ""
    return f"answered with {len(said.split())} words{attached}, beginning: “{start}”"
