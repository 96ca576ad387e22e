"""Gemini's contents as JSON: the shapes that are sent, stored and sent back.

Only fields that this code reads or writes are declared. A part that came from Gemini is kept with
everything that stood in it, known or not: it has to go back as it was.

Source: https://ai.google.dev/api/caching#Content (v1beta).
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class FileRef(TypedDict):
    """What stands for the bytes of a file in a stored part.

    ``id`` is an Artifact's, or made from the address. A file that lies elsewhere has an
    ``address``, and of a video perhaps a beginning and an end in seconds.
    """

    id: str
    mimeType: str
    name: str
    size: int
    address: NotRequired[str]
    startS: NotRequired[int]
    endS: NotRequired[int]


class Blob(TypedDict):
    """Bytes in a request or an answer, in base64."""

    mimeType: str
    data: str


class FileData(TypedDict):
    """A file at Google, or at an address that Google fetches."""

    mimeType: str
    fileUri: str


class FunctionCall(TypedDict):
    """A call the model asks for; ``id`` is only there where Gemini gave one."""

    name: str
    args: dict[str, Any]
    id: NotRequired[str]


class FunctionResponse(TypedDict):
    """The result of a call, under the name and id of the call."""

    name: str
    response: dict[str, Any]
    id: NotRequired[str]


class Part(TypedDict, total=False):
    """One part of a content: exactly one of the kinds, and what stands beside it."""

    text: str
    inlineData: Blob
    fileData: FileData
    functionCall: FunctionCall
    functionResponse: FunctionResponse
    executableCode: dict[str, Any]
    codeExecutionResult: dict[str, Any]
    artifact: FileRef  # only stored; put in before it is sent
    thought: bool
    thoughtSignature: str
    videoMetadata: dict[str, str]
    speechMetadata: dict[str, str]


class Content(TypedDict):
    """One message.

    ``role`` is ``user`` or ``model``. The other fields are only stored: the API id of the ``model``
    that wrote it, the ``agent`` if it was not the coordinator, the id of the ``key`` whose project
    signed it.
    """

    role: str
    parts: list[Part]
    model: NotRequired[str]
    agent: NotRequired[str]
    key: NotRequired[str]


Exchange = tuple[Content, ...]
"""One earlier run: what the user wrote, then what was answered."""
