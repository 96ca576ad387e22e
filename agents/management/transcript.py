"""AG-UI events as lines of text: who speaks stands in front, parallel agents take turns."""

from __future__ import annotations

from typing import Any

COORDINATOR = "coordinator"


class Transcript:
    """Feed it a run's events in order; it returns what to print."""

    def __init__(self) -> None:
        self.failed = False
        self._names: dict[str, str] = {}
        self._speaker = ""

    def feed(self, event: dict[str, Any]) -> str:
        """The text of one event, empty for most."""
        match event["type"]:
            case "TEXT_MESSAGE_CONTENT":
                return self._turn_to(self._name(event)) + str(event["delta"])
            case "SUBAGENT_STARTED":
                self._names[event["subagentRunId"]] = event["name"]
                return self._aside(f"asks the {event['name']} agent")
            case "SUBAGENT_ERROR":
                return self._aside(f"the {self._name(event)} agent failed: {event['message']}")
            case "ACTIVITY_SNAPSHOT" if event["activityType"] == "artifact":
                content = event["content"]
                return self._aside(f"{content['name']} ({content['mimeType']}): {content['url']}")
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
        return f"\n\n[{text}]"


def _ending(event: dict[str, Any]) -> str:
    tokens = sum(usage["totalTokens"] for usage in event.get("usage", []))
    stopped = "stopped, " if event["outcome"]["type"] == "cancelled" else ""
    return f"({stopped}{tokens:,} tokens)\n"
