"""One call to a model, in Gemini's own words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gemini.media_options import PictureOptions, Speaker
from gemini.outputs import Content


@dataclass(frozen=True, slots=True)
class CallLimits:
    """What one call may use; times in seconds.

    ``inline_bytes`` of files travel in a request, the rest by way of Google's Files API.
    ``retry_wait_s`` is the longest wait that Google may ask for before another attempt.
    """

    first_byte_s: float = 60.0
    idle_s: float = 60.0
    retry_wait_s: float = 10.0
    inline_bytes: int = 4 * 1024 * 1024
    answer_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Function:
    """A function the model may call; ``parameters`` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One call to a model, complete.

    Args:
        model: the API's model id.
        contents: the conversation, oldest first; sent as they are.
        other_keys: of the same run; like ``api_key``, they must not show up in the answer.
        modalities: of the answer, such as ``("TEXT", "IMAGE")``; empty leaves it to the model.
        call_functions: False forbids calls even though ``functions`` are declared.
        tools: of Google's, by the catalogue's names: ``search``, ``code``, ``url``.
        thoughts: ask for summaries of the model's thinking.
        thinking: how much of it: a level of the catalogue.
        voice: that reads aloud. speakers: two with a voice each, in its place.
        picture: how a picture is to be made.
        expects: ``image`` or ``audio``, where an answer without it is none.
        continuation: goes on with an answer that was too long for one request; as Gemini gave it.
    """

    model: str
    system: str
    contents: tuple[Content, ...]
    api_key: str = field(repr=False)
    other_keys: tuple[str, ...] = field(default=(), repr=False)
    functions: tuple[Function, ...] = ()
    call_functions: bool = True
    tools: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    thoughts: bool = False
    thinking: str = "auto"
    voice: str = ""
    speakers: tuple[Speaker, ...] = ()
    picture: PictureOptions = field(default_factory=PictureOptions)
    expects: str = ""
    continuation: str = ""
    limits: CallLimits = field(default_factory=CallLimits)
