"""What an agent yields while it works. How it looks on the wire is ``agui.py``'s business."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gemini.outputs import Said


@dataclass(frozen=True, slots=True)
class Delegated:
    """The coordinator hands a task to another agent; ``call_id`` names this one delegation."""

    call_id: str
    agent: str
    description: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FromAgent:
    """An output of the agent that works on the delegation ``call_id``."""

    call_id: str
    output: Said


@dataclass(frozen=True, slots=True)
class Returned:
    """The delegation is done; ``text`` is what the agent said."""

    call_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The delegation failed; the run goes on."""

    call_id: str
    code: str
    message: str
    advice: dict[str, Any] = field(default_factory=dict)


Output = Said | Delegated | FromAgent | Returned | Failed
