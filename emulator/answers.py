"""What the emulated model answers: a delegation, a joined text, a picture, a sound, or prose."""

from __future__ import annotations

import base64
import itertools
import random
import re
from collections.abc import Iterable, Iterator
from typing import Any

from emulator import google_tools, media, pictures, prose, signatures
from emulator.calls import MEDIA_TOOL, TEXT_TOOL, Call
from emulator.directives import AGENTS, Message, parse_message
from emulator.frames import Answer

Part = dict[str, Any]

_TEAM = {TEXT_TOOL: "text", MEDIA_TOOL: "media"}
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
_NEEDS = {TEXT_TOOL: (_TEXT, "longer writing or code"), MEDIA_TOOL: (_MEDIA, "pictures or sound")}
_SHARES = {TEXT_TOOL: "Do the writing in this request: ", MEDIA_TOOL: "Make the media for: "}
_SPEECH = re.compile(r"\b(speak|aloud|voice|audio|say it|read out)\b", re.I)
_MEDIA_OPTIONS = {
    "aspect_ratio": re.compile(r"\b(\d{1,2}:\d{1,2})\b"),
    "image_size": re.compile(r"\b([124]K)\b"),
    "style": re.compile(r"\b(?:voice|tone) that is ([\w ,]+)", re.I),
    "speakers": re.compile(r"\bdialogue (?:between|of) (\w+) and (\w+)", re.I),
}
_EMPTY_WORDS = frozenset({"agent", "call", "tool", "function", "with", "from", "make", "what"})
_DESCRIBE = re.compile(r"\b(describe|what is (in|on)|transcribe|explain)\b", re.I)
_INSTRUCTION = re.compile(
    r"\b(begin|start|end|finish)\b[^.\n\"“']{0,60}\bwith\b[^.\n\"“']{0,20}"
    r"(?:\"([^\"\n]{1,200})\"|“([^”\n]{1,200})”|'([^'\n]{1,200})')",
    re.IGNORECASE,
)


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
    answer = Answer(thoughts)
    text = google_tools.use_tools(call, text, answer)
    pieces = _texts(prose.chunks(text, rng, directives.count("size")))
    answer.parts = itertools.chain(answer.parts, pieces)
    return answer


def _spoken(call: Call) -> Answer:
    parts = call.contents[call.turn_start]["parts"]
    plain = [{**part, "text": parse_message(str(part.get("text") or "")).text} for part in parts]
    sound = media.synthesized(plain, call.config.get("speechConfig") or {})
    count = round(len(sound) / 2 / media.SOUND_RATE * media.SOUND_TOKENS_PER_S)
    part = {"inlineData": {"mimeType": media.SOUND_TYPE, "data": base64.b64encode(sound).decode()}}
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


def _texts(pieces: Iterable[str]) -> Iterator[Part]:
    return ({"text": piece} for piece in pieces)


def delegations(call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Which declared functions to call, with their arguments; none for a direct answer."""
    if not call.callable_functions or call.results:
        return []
    if "call" in call.directives:
        tools = {agent: tool for tool, agent in _TEAM.items()}
        names = [tools.get(name, name) for name in call.directives["call"].split(",")]
        reasons = dict.fromkeys(names, "The message asks for it by name.")
    else:
        reasons = _reasons(call.message) | _named(call)
    chosen = [name for name in reasons if name in call.callable_functions]
    return [(name, _arguments(name, call, reasons[name], len(chosen) > 1)) for name in chosen]


def _reasons(message: Message) -> dict[str, str]:
    """The agents a message needs, and why; an agent whom a directive names is needed."""
    reasons = {}
    for name, (pattern, what) in _NEEDS.items():
        if match := pattern.search(message.text):
            words = " ".join(match[0].split())[:40]
            reasons[name] = f'The request asks for {what} ("{words}").'
        elif _TEAM[name] in message.scoped:
            reasons[name] = "The message names this agent."
    return reasons


def _named(call: Call) -> dict[str, str]:
    """Functions other than the team's with a word in their name that is in the message."""
    words = set(re.findall(r"[a-z]+", call.message.text.lower()))
    reasons = {}
    for name in call.callable_functions:
        common = words & {part for part in name.lower().split("_") if len(part) > 3} - _EMPTY_WORDS
        if common and name not in _TEAM:
            reasons[name] = f'The request says "{min(common)}".'
    return reasons


def _arguments(name: str, call: Call, reason: str, shared: bool) -> dict[str, Any]:
    """Arguments for the parameters that are declared, of those this emulator understands."""
    text = call.message.text
    task = _SHARES.get(name, "") + text if shared else text
    matches = {option: pattern.search(text) for option, pattern in _MEDIA_OPTIONS.items()}
    known = {
        "task": task + call.message.lines_for(_TEAM.get(name, "")),
        "reason": reason,
        "output": _output(text, bool(call.attachments)),
        **{option: ", ".join(match.groups()) for option, match in matches.items() if match},
    }
    declared = call.callable_functions[name]
    return {parameter: value for parameter, value in known.items() if parameter in declared}


def _output(text: str, attached: bool) -> str:
    """What the media agent shall answer with: words about media, a picture, or speech."""
    if _SPEECH.search(text):
        return "speech"
    return "text" if attached or _DESCRIBE.search(text) else "image"


def function_calls(
    calls: list[tuple[str, dict[str, Any]]], *, with_ids: bool, after_tools: bool = False
) -> list[Part]:
    """The parts of parallel calls; only the first is signed.

    Args:
        calls: name and arguments of each.
        with_ids: since Gemini 3 calls have ids.
        after_tools: a tool of Google's was used before, and its parts are to come back with these.
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


def joined(results: list[dict[str, Any]]) -> str:
    """A short text that brings the results of the agents, or of other functions, together."""
    lines = []
    for result in results:
        name = str(result.get("name"))
        who = f"The {_TEAM[name]} agent" if name in _TEAM else f"`{name}`"
        lines.append(f"- {who} {_outcome(result)}")
    return "Here is what came back:\n\n" + "\n".join(lines) + f"\n\n{prose.HONEST}"


def _outcome(result: dict[str, Any]) -> str:
    response = result.get("response") or {}
    if "error" in response:
        return f"could not finish: {str(response['error'])[:200]}"
    text = " ".join(str(response.get("output", response.get("result", response))).split())
    start = text[:120] + ("..." if len(text) > 120 else "")
    files = len(result.get("parts") or [])
    attached = f" and sent {files} file{'s' if files > 1 else ''}" if files else ""
    return f"answered with {len(text.split())} words{attached}, beginning: “{start}”"
