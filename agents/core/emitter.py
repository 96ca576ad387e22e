"""The way out of a run: outputs become AG-UI events, without keys, and are published."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from uuid import uuid4

from agents.core.agui import AguiStream, Event
from gemini.errors import GeminiError
from gemini.outputs import Output
from gemini.redaction import Redactor

Publish = Callable[[Event], None]
"""Takes an event of the run, at once."""

Drain = Callable[[], Awaitable[None]]
"""Waits while whoever takes the events is behind, as ``asyncio.StreamWriter.drain`` does."""


async def no_drain() -> None:
    """For whoever takes events as fast as they come."""


class Emitter:
    """Where one agent of a run emits what it makes; ``lane`` is empty for the coordinator."""

    def __init__(
        self,
        agui: AguiStream,
        redactor: Redactor,
        publish: Publish,
        drain: Drain = no_drain,
        *,
        lane: str = "",
    ) -> None:
        self.drain = drain
        self._agui = agui
        self._redactor = redactor
        self._publish = publish
        self._lane = lane

    def emit(self, output: Output) -> None:
        """Publish an output. Every delta of every run comes through here."""
        # Redacted whatever it is, so that no agent and no tool can give a key away. Streamed text
        # was redacted where it was parsed, since pieces can cut a key: here that would be too late.
        # But arguments, results and names of files are met here alone.
        for event in self._agui.feed(output, self._lane):
            self._publish(self._redactor.value(event))

    def send(self, events: Iterable[Event]) -> None:
        """Publish events that the state machine gave."""
        for event in events:
            self._publish(self._redactor.value(event))

    def start_subagent(self, agent: str, description: str, arguments: dict[str, str]) -> Emitter:
        """Tell that another agent was given a task; returns where that one emits."""
        lane = str(uuid4())
        self.send(self._agui.start_subagent(lane, agent, description, arguments))
        return Emitter(self._agui, self._redactor, self._publish, self.drain, lane=lane)

    @property
    def result(self) -> tuple[str, bool]:
        """See ``AguiStream.result``."""
        return self._agui.result(self._lane)

    def finish(self, text: str) -> None:
        """Tell that this subagent is done, with its result."""
        self.send(self._agui.finish_subagent(self._lane, text))

    def fail(self, error: GeminiError) -> None:
        """Tell that this subagent failed."""
        self.send(self._agui.fail_subagent(self._lane, error))
