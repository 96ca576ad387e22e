"""``/emulate`` lines in a message: how a person or a test asks for trouble.

``/emulate error=429 retry=7`` applies to the call that carries it. ``/emulate text: error=503``
applies to the text agent's call only, so the coordinator hands the line on with the task; likewise
``media:``, ``coordinator:`` and ``join:`` (the coordinator's second call, which holds results).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

AGENTS = ("text", "media")
SCOPES = (*AGENTS, "coordinator", "join")
_LINE = re.compile(r"[ \t]*/emulate\b[ \t]*((?:(?!/emulate)[^\n\"`])*)")
_SCOPED = re.compile(rf"({'|'.join(SCOPES)}):[ \t]*(.*)")


class Directives(dict[str, str]):
    """What the ``/emulate`` lines of one message ask of one call; a bare word has the value ""."""

    def number(self, name: str, default: float) -> float:
        """The value as a number; what is none counts as the default."""
        try:
            return float(self.get(name, default))
        except ValueError:
            return default

    def count(self, name: str, default: int = 0) -> int:
        """The value as a whole number, 0 at least."""
        return max(0, int(self.number(name, default)))


@dataclass(frozen=True)
class Message:
    """A message without its directives, and these by scope ("" is whoever reads)."""

    text: str
    scoped: dict[str, list[str]]

    def directives_for(self, agent: str) -> Directives:
        """Those that apply to a call of this agent; results are joined under ``join:`` only."""
        scopes = dict.fromkeys(["join"] if agent == "join" else ["", agent])
        lines = (line for scope in scopes for line in self.scoped.get(scope, []))
        return parse_directives(" ".join(lines))

    def lines_for(self, agent: str) -> str:
        """The lines to hand on with a task to that agent, still addressed to it."""
        return "".join(f"\n/emulate {agent}: {line}" for line in self.scoped.get(agent, []))


def parse_message(text: str) -> Message:
    """Split a message into its words and its directives."""
    scoped: dict[str, list[str]] = {}
    for match in _LINE.finditer(text):
        line = match[1].strip()
        addressed = _SCOPED.fullmatch(line)
        scope, rest = addressed.groups() if addressed else ("", line)
        scoped.setdefault(scope, []).append(rest)
    return Message(_LINE.sub("", text).strip(), scoped)


def parse_directives(line: str) -> Directives:
    """What ``error=429 retry=7 leak`` asks for."""
    pairs = (word.partition("=") for word in line.split())
    return Directives({name: value for name, _, value in pairs})
