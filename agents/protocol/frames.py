"""The frames of the socket, taken apart strictly: what is not known is refused."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from common.errors import AppError
from common.text import parse_json


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class AuthFrame(Strict):
    op: Literal["auth"]
    token: str = Field(max_length=10_240)


class RunFrame(Strict):
    op: Literal["run"]
    ref: str | int | None = Field(default=None)
    input: dict[str, Any]


class FollowFrame(Strict):
    op: Literal["follow"]
    run_id: UUID
    after: int = Field(default=0, ge=0, le=2**31 - 1, strict=True)


class WatchFrame(Strict):
    op: Literal["watch"]
    thread_id: UUID


class CancelFrame(Strict):
    op: Literal["cancel"]
    run_id: UUID


class AckFrame(Strict):
    op: Literal["ack"]
    run_id: UUID
    seq: int = Field(ge=0, le=2**31 - 1, strict=True)


class PingFrame(Strict):
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


def frame_from(text: str) -> Frame:
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
        raise AppError("invalid_frame", "This is not JSON that can be read.") from None


def refusal(code: str, subject: str, error: ValidationError) -> AppError:
    """Where and what, in our words: pydantic's text repeats what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    meaning = MEANINGS.get(first["type"], "has a wrong value")
    steps = [str(step) for step in first["loc"] if isinstance(step, int) or step.isidentifier()]
    place = ".".join(steps)[:100]
    if not place:
        return AppError(code, f"{subject} {meaning}.")
    return AppError(code, f"{subject} is not valid: {place} {meaning}.")
