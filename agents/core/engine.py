"""From a run request to AG-UI events: the public entry to the team."""

from __future__ import annotations

import logging

from agents.core.agui import AguiStream, Event
from agents.core.context import RunContext, RunRecord
from agents.core.coordinator import Coordinator
from agents.core.emitter import Drain, Emitter, Publish, no_drain
from agents.core.errors import RunError
from agents.core.request import RunRequest
from agents.core.team import TEAM
from gemini import catalogue, model_info, prices
from gemini.errors import GeminiError
from gemini.keys import Key
from gemini.redaction import Redactor
from gemini.types import Content

logger = logging.getLogger(__name__)


def generate_streaming_response(
    *, api_key: str | Key, request: RunRequest, context: RunContext
) -> Answer:
    """Answer a request with the team: coordinator, text agent, media agent.

    Args:
        api_key: the user's key, already opened; it lives as long as the answer. A ``Key`` also
            has a name. The keys that ``context`` holds are used where Google turns it away.
        request: what the user wants.
        context: what the server brings to the run: the model, files, history, limits.

    Returns:
        The answer, not begun: ``await answer.run(publish)``.
    """
    context.keys.put_first(api_key if isinstance(api_key, Key) else Key("", "", api_key))
    request = request.with_defaults(
        model=catalogue.DEFAULT_MODEL, tools=model_info.TOOLS_ON, thinking="auto", voice=""
    )
    return Answer(request, context)


class Answer:
    """One run of the team, from its first event to its last.

    Attributes:
        context: what it works with. record: what it did; complete once it has ended.
    """

    def __init__(self, request: RunRequest, context: RunContext) -> None:
        self._request = request
        self.context = context
        self._agui = AguiStream(str(request.thread_id), str(request.run_id))
        self._redactor = Redactor(*context.keys.secrets)
        self._opening = self._agui.start()  # until it is published

    @property
    def record(self) -> RunRecord:
        return self.context.record

    async def run(self, publish: Publish, drain: Drain = no_drain) -> Event:
        """Answer, publishing each event as it comes about; returns the one that ends the run.

        Cancelled from outside it just stops: ``cancel`` or ``fail`` then give the last events.

        Args:
            publish: is called for each event, in order, from ``RUN_STARTED`` on.
            drain: is awaited now and then, and holds up the agents while it waits.
        """
        emitter = Emitter(self._agui, self._redactor, publish, drain)
        emitter.send(self._take_opening())
        try:
            await Coordinator(TEAM, self._request, self.context, emitter).run()
        except GeminiError as error:
            ending = self.fail(error)
        except Exception as error:
            # Only the type: the text may hold a key or what was written.
            logger.error("Run %s failed: %s", self._request.run_id, type(error).__name__)
            ending = self.fail(RunError("internal"))
        else:
            ending = self._finish("success", self.record.truncated)
        # The terminal one is not published here: readers get it once it is stored (``RunTask``).
        *closing, terminal = ending
        for event in closing:
            publish(event)
        return terminal

    def cancel(self) -> list[Event]:
        """The events that end a run which was stopped on purpose; none if it has ended."""
        return [] if self.record.outcome else self._finish("cancelled")

    def fail(self, error: GeminiError) -> list[Event]:
        """The events that end a run with an error; none if it has ended."""
        record = self.record
        if record.outcome:
            return []
        record.outcome, record.error = "error", error
        return self._ending(self._agui.fail(error, record.usage(), self._account()))

    def contents(self) -> list[Content]:
        """What this run adds to the history of Gemini contents, after the user's message."""
        # An answer that did not end well is kept as plain text: calls without a response and
        # thoughts without an end would be refused.
        record = self.record
        if record.outcome == "success":
            contents = [*record.contents, *record.made]
        else:
            text = self._agui.text
            contents = [{"role": "model", "parts": [{"text": text}]}] if text else []
        clean: list[Content] = self._redactor.value(contents)
        return clean

    def _finish(self, outcome: str, truncated: str = "") -> list[Event]:
        record = self.record
        record.outcome = outcome
        events = self._agui.finish(outcome, record.usage(), truncated, self._account())
        return self._ending(events)

    def _ending(self, events: list[Event]) -> list[Event]:
        """The last events; of a run that was stopped before its first step, all there are."""
        redacted: list[Event] = self._redactor.value(events)
        return [*self._take_opening(), *redacted]

    def _take_opening(self) -> list[Event]:
        opening, self._opening = self._opening, []
        return opening

    def _account(self) -> dict[str, object]:
        """What each call used; what it cost is left out where that is not known."""
        calls: list[dict[str, object]] = []
        for call in self.record.calls:
            price = prices.price_of(call)
            line = {"agent": call.agent, "model": call.model, "totalTokens": call.usage.total}
            calls.append(line if price is None else {**line, "price": f"{price.normalize():f}"})
        key = self.context.keys.in_use
        paid_by = {"key": {"id": key.id, "name": key.name}} if key and key.id else {}
        return {**paid_by, "calls": calls} if calls else {}
