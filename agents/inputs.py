"""What a client may send, taken apart strictly: unknown fields are refused, nothing is believed.

Of an AG-UI ``RunAgentInput`` we keep the ids, the last user message and an allow-list of
``forwardedProps``. History comes from the database: roles, tools and state that a client makes up
have no effect or are refused.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from agents.core.turn import AGENT_CHOICES
from common.errors import AppError

PROMPT_CHARS = 100_000
MESSAGES_SENT = 2_000


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class _TextPart(_Strict):
    type: Literal["text"]
    text: str = Field(max_length=PROMPT_CHARS)


class _SentMessage(BaseModel):
    """A message of the client's history: only the last one is read, and must be the user's."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(min_length=1, max_length=200)
    role: str = Field(max_length=20)
    content: Any = None


class _Props(_Strict):
    agent: Literal["auto", "text", "media", "direct"] = "auto"
    model: str | None = Field(default=None, max_length=50)
    key_id: UUID | None = None
    parent_message_id: str | None = Field(default=None, max_length=200)
    tools: list[Literal["search", "code", "url"]] = Field(default_factory=list, max_length=0)


class _RunAgentInput(_Strict):
    thread_id: UUID
    run_id: UUID
    protocol_version: str | None = Field(default=None, max_length=20)
    parent_run_id: str | None = Field(default=None, max_length=200)
    state: dict[str, Any] | list[Any] | str | None = None
    messages: list[_SentMessage] = Field(min_length=1, max_length=MESSAGES_SENT)
    tools: list[Any] | None = Field(default=None, max_length=0)
    context: list[Any] | None = Field(default=None, max_length=0)
    forwarded_props: _Props | None = None
    resume: list[Any] | None = Field(default=None, max_length=0)


class RunInput(BaseModel):
    """A question, checked: what ``turns.start`` works from."""

    model_config = ConfigDict(frozen=True)

    thread_id: UUID
    run_id: UUID
    message_id: UUID
    text: str
    continues: bool
    agent: str
    model: str | None
    key_id: UUID | None


class AuthFrame(_Strict):
    op: Literal["auth"]
    token: str = Field(max_length=10_240)


class RunFrame(_Strict):
    op: Literal["run"]
    ref: str | int | None = Field(default=None)
    input: dict[str, Any]


class FollowFrame(_Strict):
    op: Literal["follow"]
    run_id: UUID
    after: int = Field(default=0, ge=0, le=2**31 - 1, strict=True)


class WatchFrame(_Strict):
    op: Literal["watch"]
    thread_id: UUID


class CancelFrame(_Strict):
    op: Literal["cancel"]
    run_id: UUID


class AckFrame(_Strict):
    op: Literal["ack"]
    run_id: UUID
    seq: int = Field(ge=0, le=2**31 - 1, strict=True)


class PingFrame(_Strict):
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
}


def frame_from(text: str) -> Frame:
    """The frame in a socket message.

    Raises:
        AppError: ``invalid_frame``, with a sentence that names the field.
    """
    value = _json(text)
    try:
        return _frames.validate_python(value)
    except ValidationError as error:
        raise _refusal("invalid_frame", "This frame", error) from None


def input_from(value: object) -> RunInput:
    """The question in a ``RunAgentInput``.

    Raises:
        AppError: ``invalid_input``, with a sentence that names the field.
    """
    try:
        sent = _RunAgentInput.model_validate(value)
    except ValidationError as error:
        raise _refusal("invalid_input", "The input", error) from None
    last = sent.messages[-1]
    if last.role != "user":
        raise AppError("invalid_input", "The last message must be the user's.")
    text = _text_of(last)
    if not text.strip():
        raise AppError("empty_message", "Write a message first.")
    props = sent.forwarded_props or _Props()
    turns_before = sum(message.role in ("user", "assistant") for message in sent.messages) > 1
    return RunInput(
        thread_id=sent.thread_id,
        run_id=sent.run_id,
        message_id=_message_id(sent.thread_id, last.id),
        text=text,
        continues=turns_before or bool(props.parent_message_id),
        agent=props.agent,
        model=props.model,
        key_id=props.key_id,
    )


def run_input_from_json(body: bytes) -> RunInput:
    """The question in a request body.

    Raises:
        AppError: ``invalid_frame`` or ``invalid_input``.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise AppError("invalid_frame", "The body must be JSON in UTF-8.") from None
    return input_from(_json(text))


def _json(text: str) -> Any:
    def refuse(_: str) -> None:
        raise ValueError

    try:
        return json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise AppError("invalid_frame", "This is not JSON that can be read.") from None


def _refusal(code: str, subject: str, error: ValidationError) -> AppError:
    """Where and what, in our words: pydantic's text repeats what was sent."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    meaning = MEANINGS.get(first["type"], "has a wrong value")
    steps = [str(step) for step in first["loc"] if isinstance(step, int) or step.isidentifier()]
    place = ".".join(steps)[:100]
    if not place:
        return AppError(code, f"{subject} {meaning}.")
    return AppError(code, f"{subject} is not valid: {place} {meaning}.")


def _text_of(message: _SentMessage) -> str:
    if isinstance(message.content, str):
        text = message.content
    else:
        try:
            parts = TypeAdapter(list[_TextPart]).validate_python(message.content)
        except ValidationError:
            raise AppError(
                "invalid_input", "A message is text; files and other parts are not accepted here."
            ) from None
        text = "\n".join(part.text for part in parts)
    if len(text) > PROMPT_CHARS:
        raise AppError("message_too_long", f"A message holds at most {PROMPT_CHARS:,} characters.")
    return text


def _message_id(thread_id: UUID, sent: str) -> UUID:
    """The message's id; one that is no UUID gives the same UUID each time it is sent."""
    try:
        return UUID(sent)
    except ValueError:
        return uuid5(NAMESPACE_OID, f"{thread_id}:{sent}")


assert AGENT_CHOICES == ("auto", "text", "media", "direct")  # noqa: S101 (what _Props.agent lists)
