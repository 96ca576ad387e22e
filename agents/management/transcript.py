"""AG-UI events as lines of text: who speaks stands in front, parallel agents take turns."""

from __future__ import annotations

import json
import textwrap
from typing import Any

COORDINATOR = "coordinator"
VALUE_CHARS = 200  # of an argument or a result of a tool


class Transcript:
    """Feed it a run's events in order; it returns what to print."""

    def __init__(self) -> None:
        self.failed = False
        self._names: dict[str, str] = {}
        self._speaker = ""
        self._shown: set[str] = set()

    def feed(self, event: dict[str, Any]) -> str:
        """The text of one event, empty for most."""
        match event["type"]:
            case "TEXT_MESSAGE_CONTENT":
                return self._turn_to(self._name(event)) + str(event["delta"])
            case "SUBAGENT_STARTED":
                self._names[event["subagentRunId"]] = event["name"]
                return self._aside(f"[asks the {event['name']} agent]")
            case "SUBAGENT_ERROR":
                return self._aside(f"[the {self._name(event)} agent failed: {event['message']}]")
            case "ACTIVITY_SNAPSHOT":
                # Code comes twice under one id: as it begins, and with what it printed. Lines that
                # were printed cannot be taken back, so the second time only the new part is.
                again = event["messageId"] in self._shown
                self._shown.add(event["messageId"])
                text = _activity(event["activityType"], event["content"], again=again)
                return self._aside(text) if text else ""
            case "RUN_ERROR":
                self.failed = True
                return f"\n\n{event['message']}\n"
            case "RUN_FINISHED":
                return "\n" + _ending(event)
        return ""

    def _name(self, event: dict[str, Any]) -> str:
        return self._names.get(event.get("subagentRunId", ""), COORDINATOR)

    def _turn_to(self, speaker: str) -> str:
        if speaker == self._speaker:
            return ""
        self._speaker = speaker
        return f"\n\n{speaker}: "

    def _aside(self, text: str) -> str:
        self._speaker = ""
        return f"\n\n{text}"


def _activity(kind: str, content: dict[str, Any], *, again: bool) -> str:
    """An activity; ``again``: it was shown before, and now there is more of it."""
    match kind:
        case "artifact":
            return f"[{content['name']} ({content['mimeType']}): {content['url']}]"
        case "code":
            return _output(content) if again else _code(content)
        case "sources":
            return _sources(content)
        case "tool":
            return _tool(content)
        case "history":
            return f"[the oldest of the conversation was left out: {content['leftOut']} exchanges]"
        case "retry":
            return f"[Gemini is busy; trying again in {content['retryAfter']:.0f} s]"
        case "key":
            return f"[goes on with the key {content['to']}, instead of {content['from']}]"
    return ""


def _code(content: dict[str, Any]) -> str:
    output = f"\n\n{_output(content)}" if "outcome" in content else ""
    code = textwrap.indent(content["code"].rstrip(), "    ")
    return f"[runs {content['language'] or 'code'}]\n{code}{output}"


def _output(content: dict[str, Any]) -> str:
    ended = content.get("outcome", "")
    head = "it printed" if ended == "ok" else ended.replace("_", " ")
    output = str(content.get("output", "")).rstrip()
    return f"[{head}]\n" + textwrap.indent(output or "(nothing)", "    ")


def _sources(content: dict[str, Any]) -> str:
    """A numbered list, and the pages that could not be read."""
    lines = [
        f"  {number}. {source['title']} {source['uri']}".rstrip()
        for number, source in enumerate(content["sources"], 1)
    ]
    lines += [f"  not read: {page['uri']}" for page in content["pages"] if not page["ok"]]
    return "\n".join(["[sources]", *lines]) if lines else ""


def _tool(content: dict[str, Any]) -> str:
    arguments = json.dumps(content["arguments"], ensure_ascii=False)
    answer = content.get("result", content.get("error", ""))
    return f"[{content['name']} {_short(arguments)}: {_short(str(answer))}]"


def _short(text: str) -> str:
    return textwrap.shorten(text, VALUE_CHARS, placeholder=" ...")


def _ending(event: dict[str, Any]) -> str:
    tokens = sum(usage["totalTokens"] for usage in event.get("usage", []))
    stopped = "stopped, " if event["outcome"]["type"] == "cancelled" else ""
    return f"({stopped}{tokens:,} tokens)\n"
