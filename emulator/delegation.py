"""Which agents the emulated coordinator delegates to, and how it brings their results together."""

from __future__ import annotations

import re
from typing import Any

from emulator import prose, signatures
from emulator.calls import MEDIA_TOOL, TEXT_TOOL, Call
from emulator.directives import Message

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


def delegations(call: Call) -> list[tuple[str, dict[str, Any]]]:
    """Which declared functions to call, with their arguments; none for a direct answer."""
    if not call.callable_functions or call.results:
        return []
    if "call" in call.directives:
        tools = {agent: tool for tool, agent in _TEAM.items()}
        names = [tools.get(name, name) for name in call.directives.text("call").split(",")]
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
