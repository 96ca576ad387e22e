"""From a turn to a stream of AG-UI events: the public entry to the team."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing

from agents.core.agui import AguiStream, Event
from agents.core.coordinator import Coordinator
from agents.core.keys import Budget, Keys
from agents.core.model import Model
from agents.core.team import TEAM
from agents.core.turn import Attachment, Limits, Record, Save, Turn
from gemini import catalogue, prices
from gemini.catalogue import ModelList
from gemini.errors import GeminiError
from gemini.files import Files, NoFiles
from gemini.instructions import Instructions
from gemini.keys import Key
from gemini.media_options import PictureOptions, SpeechOptions
from gemini.outputs import Content, Exchange
from gemini.redaction import Redactor

logger = logging.getLogger(__name__)


def generate_streaming_response(
    *,
    api_key: str | Key,
    prompt: str,
    thread_id: str,
    run_id: str,
    gemini: Model,
    save: Save,
    files: Files | None = None,
    model: str = catalogue.DEFAULT,
    models: ModelList | None = None,
    coordinator_model: str = "",
    agent: str = "auto",
    output: str = "",
    attachments: Sequence[Attachment] = (),
    history: Sequence[Exchange] = (),
    tools: Sequence[str] = catalogue.TOOLS_ON,
    thinking: str = "auto",
    voice: str = "",
    instructions: Instructions | None = None,
    picture: PictureOptions | None = None,
    speech: SpeechOptions | None = None,
    limits: Limits | None = None,
    spare_keys: Sequence[Key] = (),
    budget: Budget | None = None,
) -> Answer:
    """Answer ``prompt`` with the team: coordinator, text agent, media agent.

    Nothing happens before the answer is iterated.

    Args:
        api_key: the user's key, already opened; it lives as long as the answer. A ``Key`` also
            tells what it is called.
        save: stores what agents make. files: brings what they are to read.
        model: a name of the catalogue; what else is the user's choice is told at ``Turn``.
        models: the catalogue with what Google lists for the key.
        history: earlier exchanges, oldest first.
        spare_keys: to go on with, in this order, if Google turns the one before away.
        budget: tells before and during each call what may still be spent.

    Returns:
        An async iterable of AG-UI events that is also the record of the run.
    """
    turn = Turn(
        thread_id=thread_id,
        run_id=run_id,
        prompt=prompt,
        model=model,
        keys=(api_key if isinstance(api_key, Key) else Key("", "", api_key), *spare_keys),
        agent=agent,
        output=output,
        coordinator_model=coordinator_model,
        attachments=tuple(attachments),
        history=tuple(history),
        tools=tuple(tools),
        thinking=thinking,
        voice=voice,
        instructions=instructions or Instructions(),
        picture=picture or PictureOptions(),
        speech=speech or SpeechOptions(),
        limits=limits or Limits(),
        models=models or ModelList(),
    )
    record = Record(
        turn.limits, Keys(*turn.keys, budget=budget), save=save, files=files or NoFiles()
    )
    return Answer(turn, gemini, record)


class Answer:
    """One run of the team. Iterate it once for its events; it then tells what is left of it.

    Attributes:
        outcome: ``success``, ``cancelled``, ``error``, or empty while it runs.
        error: what ended the run, if something did.
        record: the ledger of model calls.
    """

    def __init__(self, turn: Turn, model: Model, record: Record) -> None:
        self._turn = turn
        self._coordinator = Coordinator(TEAM, model, turn, record)
        self._stream = AguiStream(turn.thread_id, turn.run_id)
        self._secrets = Redactor(*record.keys.secrets)
        self.record = record
        self.outcome = ""
        self.error: GeminiError | None = None
        self._due = deque(self._stream.start())

    def __aiter__(self) -> AsyncIterator[Event]:
        return self.events()

    async def events(self) -> AsyncGenerator[Event, None]:
        """The run's events up to its terminal one, unless it is cancelled from outside."""
        for event in self._taken():
            yield event
        try:
            async with aclosing(self._coordinator.run()) as outputs:
                async for output in outputs:
                    self._due += self._stream.feed(output)
                    for event in self._taken():
                        yield event
        except GeminiError as error:
            self._fail(error)
        except Exception as error:
            # Only the type: the text may hold a key or what was said.
            logger.error("Run %s failed: %s", self._turn.run_id, type(error).__name__)
            self._fail(GeminiError("internal"))
        else:
            self._finish("success", self.record.truncated)
        for event in self._taken():
            yield event

    def cancel(self) -> list[Event]:
        """The events that end a run which was stopped on purpose. Call it after iterating ended.

        Wherever it was stopped: what was made and not yet taken comes first, and a run that had
        ended by itself does not end twice.
        """
        if not self.outcome:
            self._finish("cancelled")
        return list(self._taken())

    def fail(self, error: GeminiError) -> list[Event]:
        """The events that end a run with an error. Call it after iterating ended."""
        if not self.outcome:
            self._fail(error)
        return list(self._taken())

    def contents(self) -> list[Content]:
        """What this run adds to the history of Gemini contents, after the user's prompt.

        An answer that did not end well is kept as plain words: calls without an answer and
        thoughts without an end would be refused.
        """
        if self.outcome == "success":
            contents = [*self.record.contents, *self.record.made]
        else:
            text = self._stream.text
            contents = [{"role": "model", "parts": [{"text": text}]}] if text else []
        clean: list[Content] = self._secrets.value(contents)
        return clean

    def _taken(self) -> Iterator[Event]:
        """The events that are due; nothing leaves but here, so agents and tools tell no key either.

        Streamed texts were guarded where they were read: ``ResponseParser``.
        """
        while self._due:
            event: Event = self._secrets.value(self._due.popleft())
            yield event

    def _finish(self, outcome: str, truncated: str = "") -> None:
        self.outcome = outcome
        usage = self.record.usage()
        self._due += self._stream.finish(outcome, usage, truncated, self._account())

    def _fail(self, error: GeminiError) -> None:
        self.outcome, self.error = "error", error
        self._due += self._stream.fail(error, self.record.usage(), self._account())

    def _account(self) -> dict[str, object]:
        """What each call used; what it cost is left out where that is not known."""
        calls: list[dict[str, object]] = []
        for call in self.record.calls:
            price = prices.price_of(call)
            line = {"agent": call.agent, "model": call.model, "totalTokens": call.usage.total}
            calls.append(line if price is None else {**line, "price": f"{price.normalize():f}"})
        key = self.record.keys.in_use
        named = {"key": {"id": key.id, "name": key.name}} if key and key.id else {}
        return {**named, "calls": calls} if calls else {}
