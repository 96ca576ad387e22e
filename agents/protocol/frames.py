"""The frames of the socket, parsed strictly: what is not known is refused."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from common.errors import AppError
from common.text import MAX_DEPTH, parse_json

PARSING_COST = 0.2  # of any frame, taken before it is parsed

# Frames have a price because they differ: with one limit for all, ten sockets of one user that sent
# ``follow`` and ``cancel`` 180 times a second made others wait 23 times as long for an echo.
#
# Numbers are strict, since pydantic would take "5", 5.0 and true, and no larger than their column.


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class StrictFrame(Strict):
    """What frames have in common.

    Attributes:
        cost: tokens of the sender's rate limit, by the load that it puts on the database and the
            event loop, and by what it starts; ``PARSING_COST`` is a part of it.
    """

    cost: ClassVar[float]


class AuthFrame(StrictFrame):
    cost = 6.0
    op: Literal["auth"]
    token: str = Field(max_length=10_240)


class RunFrame(StrictFrame):
    cost = 20.0
    op: Literal["run"]
    ref: str | int | None = Field(default=None)
    input: dict[str, Any]


class FollowFrame(StrictFrame):
    cost = 10.0
    op: Literal["follow"]
    run_id: UUID
    after: int = Field(default=0, ge=0, le=2**31 - 1, strict=True)


class WatchFrame(StrictFrame):
    cost = 6.0
    op: Literal["watch"]
    thread_id: UUID


class CancelFrame(StrictFrame):
    cost = 4.0
    op: Literal["cancel"]
    run_id: UUID


class AckFrame(StrictFrame):
    cost = 0.2
    op: Literal["ack"]
    run_id: UUID
    seq: int = Field(ge=0, le=2**31 - 1, strict=True)


class PingFrame(StrictFrame):
    cost = 1.0
    op: Literal["ping"]


Frame = AuthFrame | RunFrame | FollowFrame | WatchFrame | CancelFrame | AckFrame | PingFrame
_frames: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="op")])

MEANINGS = {
    "extra_forbidden": "is not a known field",
    "missing": "is missing",
    "uuid_parsing": "must be a UUID",
    "uuid_type": "must be a UUID",
    "union_tag_invalid": "names no known op",
    "union_tag_not_found": "needs an op",
    "string_too_long": "is too long",
    "too_long": "has too many entries, or entries that are not supported",
    "too_short": "must not be empty",
    "literal_error": "has a value that is not known",
    "value_error": "has a value that is not known",
}


def parse_frame(text: str) -> Frame:
    """The frame in a socket message.

    Raises:
        AppError: ``invalid_frame``, with a sentence that names the field.
    """
    value = json_from(text)
    try:
        return _frames.validate_python(value)
    except ValidationError as error:
        raise refusal("invalid_frame", "This frame", error) from None


def json_from(text: str) -> Any:
    """The value of a JSON text. Raises ``AppError`` ``invalid_frame``.

    Characters that cannot be stored pass: they are replaced where a message is stored.
    """
    try:
        return parse_json(text, must_be_storable=False)
    except AppError:
        message = f"This is not JSON that can be read, or it has more than {MAX_DEPTH} levels."
        raise AppError("invalid_frame", message) from None


def refusal(code: str, subject: str, error: ValidationError) -> AppError:
    """Where and what, in our words: pydantic's text repeats what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    meaning = MEANINGS.get(first["type"], "has a wrong value")
    steps = [str(step) for step in first["loc"] if isinstance(step, int) or step.isidentifier()]
    place = ".".join(steps)[:100]
    if not place:
        return AppError(code, f"{subject} {meaning}.")
    return AppError(code, f"{subject} is not valid: {place} {meaning}.")
