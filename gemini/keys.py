"""A user's Gemini key, opened: it lives as long as the run that it was opened for."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Key:
    """A key a run may use; ``name`` is what its user calls it."""

    id: str
    name: str
    secret: str = field(repr=False)
