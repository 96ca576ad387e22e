"""The port to a language model: one streaming method, in Gemini's own words."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.core.mediaoptions import PictureOptions, Speaker
from agents.core.outputs import Content
from agents.core.turn import Limits


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
    limits: Limits = field(default_factory=Limits)


class Model(Protocol):
    def stream(self, request: ModelRequest) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Yield Gemini's response chunks as JSON, in order; a list holds what came together.

        Closing the iterator closes the request upstream.

        Raises:
            AgentError: for everything that goes wrong on the way.
        """
        ...
