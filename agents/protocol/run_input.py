"""The request in an AG-UI ``RunAgentInput``, validated strictly; nothing in it is trusted.

We keep the ids, the last user message and an allow-list of ``forwardedProps``. History comes from
the database: roles, tools and state that a client makes up have no effect or are refused. Files
are named by their URL here, or come within the request; any other address is handed on to Google,
and never fetched here.
"""

from __future__ import annotations

import base64
import re
from types import NoneType
from typing import Annotated, Any, Literal, NamedTuple
from uuid import NAMESPACE_OID, UUID, uuid5

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from agents.core.request import RunRequest
from agents.core.team import NAMES
from agents.core.team.media import OUTPUTS
from agents.protocol.frames import Strict, json_from, refusal
from common.errors import AppError
from conversations.access import MAX_ATTACHMENTS
from gemini.addresses import MAX_CHARS as MAX_CHARS_OF_ADDRESS
from gemini.addresses import Address, address_from
from gemini.instructions import MAX_CHARS
from gemini.media_options import STYLE_CHARS
from gemini.model_info import THINKING, TOOLS
from gemini.speech import NAME_CHARS
from gemini.voices import is_voice

PROMPT_CHARS = 100_000
MESSAGES_SENT = 2_000
FILES_SENT = MAX_ATTACHMENTS
AGENT_CHOICES = ("auto", "direct", *NAMES)
ROOT = "root"
_FILE_ADDRESS = re.compile(r"/api/files/([0-9a-fA-F-]{36})/")


def _one_of(*known: str) -> AfterValidator:
    def check(value: str) -> str:
        if value not in known:
            raise ValueError
        return value

    return AfterValidator(check)


def _voice(value: str) -> str:
    if not is_voice(value):
        raise ValueError
    return value


class _TextPart(Strict):
    type: Literal["text"]
    text: str = Field(max_length=PROMPT_CHARS)


class _AddressSource(Strict):
    type: Literal["url"]
    value: str = Field(max_length=MAX_CHARS_OF_ADDRESS)
    mime_type: str | None = Field(default=None, max_length=100)


class _BytesSource(Strict):
    """Bytes that travel with the message; how many is limited by the request that carries it."""

    type: Literal["data"]
    value: str = Field(min_length=1)
    mime_type: str = Field(max_length=100)


class _FilePart(Strict):
    type: Literal["image", "audio", "video", "document"]
    id: str | None = Field(default=None, max_length=200)
    source: Annotated[_AddressSource | _BytesSource, Field(discriminator="type")]
    metadata: dict[str, Any] | None = None


_Part = Annotated[_TextPart | _FilePart, Field(discriminator="type")]
_parts: TypeAdapter[list[_Part]] = TypeAdapter(list[_Part])
_requests: TypeAdapter[RunRequest] = TypeAdapter(RunRequest)


class _SentMessage(BaseModel):
    """A message of the client's history: only the last one is read, and must be the user's."""

    # Others' messages have fields that clients of AG-UI add as they like; none of them has an
    # effect.
    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str = Field(min_length=1, max_length=200)
    role: str = Field(max_length=20)
    content: Any = None


class _Picture(Strict):
    """What the model takes of it is checked when the model is known."""

    ratio: str | None = Field(default=None, max_length=10)
    size: str | None = Field(default=None, max_length=10)


class _Speaker(Strict):
    voice: Annotated[str, AfterValidator(_voice)]
    name: str | None = Field(default=None, max_length=NAME_CHARS, pattern=r"^[^:\r\n]*$")


class _Speech(Strict):
    speakers: list[_Speaker] | None = Field(default=None, max_length=2)
    style: str | None = Field(default=None, max_length=STYLE_CHARS)


class _Props(Strict):
    agent: Annotated[str, _one_of(*AGENT_CHOICES)] = "auto"
    output: Annotated[str, _one_of(*OUTPUTS)] | None = None
    model: str | None = Field(default=None, max_length=50)
    key_id: UUID | None = None
    parent_message_id: str | None = Field(default=None, max_length=200)
    tools: list[Annotated[str, _one_of(*TOOLS)]] | None = Field(default=None, max_length=len(TOOLS))
    thinking: Annotated[str, _one_of(*THINKING)] | None = None
    voice: Annotated[str, AfterValidator(_voice)] | None = None
    instructions: str | None = Field(default=None, max_length=MAX_CHARS)
    picture: _Picture | None = None
    speech: _Speech | None = None
    allow_key: bool = Field(default=False, strict=True)


class _RunAgentInput(Strict):
    thread_id: UUID
    run_id: UUID
    protocol_version: str | None = Field(default=None, max_length=20)
    parent_run_id: UUID | None = None
    state: dict[str, Any] | list[Any] | str | None = None
    messages: list[_SentMessage] = Field(min_length=1, max_length=MESSAGES_SENT)
    # Empty or refused, never dropped: a client that offers tools or context would wait for calls
    # that never come, or believe that the model had read it.
    tools: list[Any] | None = Field(default=None, max_length=0)
    context: list[Any] | None = Field(default=None, max_length=0)
    forwarded_props: _Props | None = None
    resume: list[Any] | None = Field(default=None, max_length=0)


def request_from(value: object) -> RunRequest:
    """The request in a ``RunAgentInput``.

    Raises:
        AppError: ``invalid_input``, with a sentence that names the field.
    """
    try:
        sent = _RunAgentInput.model_validate(value)
    except ValidationError as error:
        raise refusal("invalid_input", "The input", error) from None
    message = sent.messages[-1]
    if message.role != "user":
        raise AppError("invalid_input", "The last message must be the user's.")
    content = _content(message)
    props = sent.forwarded_props or _Props()
    parent = props.parent_message_id  # ours; AG-UI's own pointer is a run
    # A client that shows a history believes that its thread exists. If it does not, the question is
    # refused: a new thread under this id would answer it without what the client shows above it.
    has_history = sum(one.role in ("user", "assistant") for one in sent.messages) > 1
    parent_id = _message_id(sent.thread_id, parent) if parent and parent != ROOT else None
    return build_request(
        thread_id=sent.thread_id,
        run_id=sent.run_id,
        message_id=_message_id(sent.thread_id, message.id),
        continues=has_history or bool(parent or sent.parent_run_id),
        parent_message_id=parent_id,
        parent_run_id=None if parent else sent.parent_run_id,
        at_start=parent == ROOT,
        **content._asdict(),
        **props.model_dump(exclude={"parent_message_id"}),
    )


def build_request(**fields: Any) -> RunRequest:
    """A request from checked fields; None leaves an option as it is by default.

    So an option that is added to ``_Props`` and ``RunRequest`` needs no line here.
    """
    given = {name: _without_none(value) for name, value in fields.items() if value is not None}
    return _requests.validate_python(given)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_without_none(one) for one in value]
    return value


def request_from_json(body: bytes) -> RunRequest:
    """The request in the body of an HTTP request.

    Raises:
        AppError: ``invalid_frame`` or ``invalid_input``.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise AppError("invalid_frame", "The body must be JSON in UTF-8.") from None
    return request_from(json_from(text))


class _Content(NamedTuple):
    """The text of a message, its files by id or address, and the bytes of those within it."""

    text: str
    attachments: tuple[UUID, ...]
    addresses: tuple[Address, ...]
    enclosed: tuple[bytes, ...]


def _content(message: _SentMessage) -> _Content:
    text, files = message.content, list[_FilePart]()
    if not isinstance(text, str):
        try:
            parts = _parts.validate_python(text)
        except ValidationError as error:
            raise refusal("invalid_input", "The message", error) from None
        text = "\n".join(part.text for part in parts if isinstance(part, _TextPart))
        files = [part for part in parts if isinstance(part, _FilePart)]
    if len(text) > PROMPT_CHARS:
        raise AppError("message_too_long", f"A message holds at most {PROMPT_CHARS:,} characters.")
    if len(files) > FILES_SENT:
        raise AppError("too_many_files", f"A message carries at most {FILES_SENT} files.")
    if not text.strip() and not files:
        raise AppError("empty_message", "Write a message first.")
    named = [file for file in files if isinstance(file.source, _AddressSource)]
    elsewhere = [file for file in named if file.source.value.startswith("https://")]
    ids = [_file_id(file.source.value) for file in named if file not in elsewhere]
    sources = [file.source for file in files]
    enclosed = [_decoded(source.value) for source in sources if isinstance(source, _BytesSource)]
    addresses = {address.id: address for address in map(_address, elsewhere)}
    return _Content(text, tuple(dict.fromkeys(ids)), tuple(addresses.values()), tuple(enclosed))


def _address(file: _FilePart) -> Address:
    source, places = file.source, file.metadata or {}
    offsets = [places.get(name) for name in ("startOffset", "endOffset")]
    if any(type(offset) not in (int, NoneType) for offset in offsets):
        raise AppError("invalid_input", "Offsets in a video are whole seconds.")
    try:
        return address_from(source.value, source.mime_type or "", *offsets)
    except ValueError as error:
        raise AppError("invalid_input", str(error)) from None


def _file_id(address: str) -> UUID:
    match = _FILE_ADDRESS.fullmatch(address)
    try:
        return UUID(match[1] if match else "")
    except ValueError:
        message = "A file is named by its address here, /api/files/<id>/: upload it first."
        raise AppError("invalid_input", message) from None


def _decoded(value: str) -> bytes:
    try:
        # Strictly: without ``validate`` foreign signs are skipped, and a damaged file is stored as
        # another.
        return base64.b64decode(value, validate=True)
    except ValueError:
        raise AppError("invalid_input", "A file in a message is not valid base64.") from None


def _message_id(thread_id: UUID, sent: str) -> UUID:
    """The message's id; one that is no UUID gives the same UUID each time it is sent."""
    try:
        return UUID(sent)
    except ValueError:
        # From thread and id together: clients count their messages from 1 in every conversation.
        return uuid5(NAMESPACE_OID, f"{thread_id}:{sent}")
