"""What a question would send, before it is sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Protocol

from agents.core.agent import Agent
from agents.core.coordinator import Coordinator
from agents.core.outputs import FromAgent, Output
from agents.core.turn import Record, Turn
from gemini import history, media_options, prices
from gemini.files import NoFiles, Part
from gemini.keys import Key
from gemini.model_info import ModelInfo
from gemini.outputs import Activity
from gemini.request import ModelRequest
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
    turn: Turn, record: Record, team: Sequence[Agent], counter: Counter | None
) -> Preview:
    """Look at the first call of a turn, whoever would make it.

    Args:
        counter: counts exactly, which sends everything to Google; None: nothing leaves.

    Raises:
        GeminiError: Gemini refused to count, or nothing would be asked.
    """
    if counter is None:
        record.files = _Referenced()
    request, left_out = await _first_request(turn, record, team)
    if counter is None:
        tokens = history.text_tokens(request.system)
        tokens += sum(map(history.tokens_of, request.contents))
    else:
        tokens = await counter.count_tokens(request)
    today, model = datetime.now(UTC).date(), turn.models.info(request.model)
    price = prices.estimate(request.model, Usage(input=tokens), today)
    return Preview(
        request.model,
        tokens,
        counter is not None,
        price,
        model.window_tokens,
        left_out,
        _picture(model, request, today),
    )


def _picture(model: ModelInfo, request: ModelRequest, today: date) -> PicturePreview | None:
    if "IMAGE" not in request.modalities:
        return None
    size = request.picture.size or media_options.usual_size(model)
    return PicturePreview(size, prices.price_of_picture(model, size, today))


class _Seen(Exception):
    """Carries a request away, in the place of the answer to it."""

    def __init__(self, request: ModelRequest) -> None:
        super().__init__()
        self.request = request


class _Looking:
    """A model that answers nothing, but shows what it was asked."""

    async def stream(self, request: ModelRequest) -> AsyncGenerator[list[dict[str, Any]], None]:
        raise _Seen(request)
        yield []


class _Referenced(NoFiles):
    """Leaves files what they are: references, whose size says enough for an estimate."""

    async def data(self, artifact: dict[str, Any], key: Key, *, inline: bool) -> Part | None:
        return {"artifact": artifact}


async def _first_request(
    turn: Turn, record: Record, team: Sequence[Agent]
) -> tuple[ModelRequest, int]:
    """The request, and how many exchanges were left out of it."""
    left_out = 0
    try:
        async with aclosing(Coordinator(team, _Looking(), turn, record).run()) as outputs:
            async for output in outputs:
                left_out += _left_out(output)
    except _Seen as seen:
        return seen.request, left_out
    raise AssertionError("a turn that asks no model")


def _left_out(output: Output) -> int:
    said = output.output if isinstance(output, FromAgent) else output
    return int(said.content.get("leftOut", 0)) if isinstance(said, Activity) else 0
