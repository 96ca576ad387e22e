"""What an agent is. A new one is one file: a name, a description, and how it runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, Protocol

from agents.core import catalogue
from agents.core.call import ModelCall
from agents.core.model import Model, ModelRequest
from agents.core.outputs import Content, Said
from agents.core.turn import Record, Turn


@dataclass(frozen=True, slots=True)
class Task:
    """What an agent is asked to do.

    Args:
        contents: the conversation it may know of, and last what it is to do.
        arguments: as the coordinator's model gave them, checked against ``Agent.parameters``.
    """

    turn: Turn
    contents: tuple[Content, ...]
    record: Record
    model: Model
    arguments: dict[str, Any] = field(default_factory=dict)

    def call(self, agent: str, *, model: str = "", **options: Any) -> ModelCall:
        """Prepare a model call on the run's key and limits; ``model`` is an API id."""
        request = ModelRequest(
            model=model or catalogue.api_id(self.turn.model),
            contents=self.contents,
            api_key=self.turn.keys[0].secret,
            limits=self.turn.limits,
            **options,
        )
        return ModelCall(agent, self.model, request, self.record)


class Agent(Protocol):
    """A specialist that the coordinator can ask.

    ``description`` tells the coordinator's model when to ask it; ``parameters`` are JSON schema
    properties that it wants besides the task and the reason.
    """

    name: str
    description: str
    parameters: dict[str, Any]

    def run(self, task: Task) -> AsyncGenerator[Said, None]:
        """Do the task, yielding outputs as they come.

        Raises:
            AgentError: it could not be done.
        """
        ...


def user_content(*texts: str) -> Content:
    return {"role": "user", "parts": [{"text": text} for text in texts]}


def spoken(contents: tuple[Content, ...]) -> tuple[Content, ...]:
    """The conversation as words alone: calls, thoughts and signatures belong to their maker."""
    kept = []
    for content in contents:
        parts = [part for part in content["parts"] if part.get("text") and not part.get("thought")]
        if parts:
            texts = [{"text": part["text"]} for part in parts]
            kept.append({"role": content["role"], "parts": texts})
    return tuple(kept)
