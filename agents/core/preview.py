"""What a run would send, before it is sent: the same request, not run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

from agents.core.agent import Agent
from agents.core.agui import AguiStream, Event
from agents.core.context import RunContext
from agents.core.coordinator import Coordinator
from agents.core.emitter import Emitter
from agents.core.request import RunRequest
from gemini import history, media_options, prices
from gemini.files import NoFiles
from gemini.keys import Key
from gemini.model_info import ModelInfo
from gemini.redaction import Redactor
from gemini.request import ModelRequest
from gemini.response import ResponseParser
from gemini.types import FileRef, Part
from gemini.usage import Usage


class Counter(Protocol):
    async def count_tokens(self, request: ModelRequest) -> int: ...


@dataclass(frozen=True, slots=True)
class PicturePreview:
    """A picture before it is made; ``price_usd`` None: not known."""

    size: str
    price_usd: Decimal | None


@dataclass(frozen=True, slots=True)
class Preview:
    """The first call of an answer.

    Args:
        exact: whether Gemini counted, or this server estimated.
        price_usd: of what goes in; what comes out is not known before. None: price not known.
        picture: that it would make, if it is for one.
        left_out: how many of the oldest exchanges do not fit.
    """

    model: str
    input_tokens: int
    exact: bool
    price_usd: Decimal | None
    window_tokens: int
    left_out: int
    picture: PicturePreview | None = None


async def preview(
    request: RunRequest, context: RunContext, team: Sequence[Agent], counter: Counter | None
) -> Preview:
    """The first call of a run, whoever would make it; nothing is generated.

    Args:
        counter: counts exactly, which sends everything to Google; None: nothing leaves.

    Raises:
        GeminiError: Gemini refused to count, or no model would be called.
    """
    if counter is None:
        context = replace(context, files=_Referenced())
    call, left_out = await _first_call(request, context, team)
    if counter is None:
        tokens = history.text_tokens(call.system)
        tokens += sum(map(history.content_tokens, call.contents))
    else:
        tokens = await counter.count_tokens(call)
    today, model = datetime.now(UTC).date(), context.models.info(call.model)
    price = prices.estimate(call.model, Usage(input=tokens), today)
    return Preview(
        call.model,
        tokens,
        counter is not None,
        price,
        model.window_tokens,
        left_out,
        _picture(model, call, today),
    )


def _picture(model: ModelInfo, request: ModelRequest, today: date) -> PicturePreview | None:
    if "IMAGE" not in request.modalities:
        return None
    size = request.picture.size or media_options.default_size(model)
    return PicturePreview(size, prices.price_of_picture(model, size, today))


class _FirstCall(Exception):
    """Carries a request out of the team, in the place of the answer to it."""

    def __init__(self, request: ModelRequest) -> None:
        super().__init__()
        self.request = request


class _DryModel:
    """A model that answers nothing: the first request to it ends the run."""

    def parser(self, *secrets: str) -> ResponseParser:
        return ResponseParser(*secrets)

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[dict[str, Any]], None]:
        raise _FirstCall(request)
        yield []  # what makes it a generator


class _Referenced(NoFiles):
    """Leaves files what they are: references, whose size says enough for an estimate."""

    async def data(self, artifact: FileRef, key: Key, *, inline: bool) -> Part | None:
        return {"artifact": artifact}


async def _first_call(
    request: RunRequest, context: RunContext, team: Sequence[Agent]
) -> tuple[ModelRequest, int]:
    """The request, and how many exchanges were left out of it."""
    left_out = 0

    def publish(event: Event) -> None:
        nonlocal left_out
        if event.get("activityType") == "history":
            left_out += int(event["content"]["leftOut"])

    agui = AguiStream("", "")
    emitter = Emitter(agui, Redactor(*context.keys.secrets), publish)
    dry = replace(context, client=_DryModel())
    try:
        await Coordinator(team, request, dry, emitter).run()
    except _FirstCall as first:
        return first.request, left_out
    raise AssertionError("a run that calls no model")
