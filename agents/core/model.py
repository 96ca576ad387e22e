"""The port to a language model: one streaming method, in Gemini's own words."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from gemini.request import ModelRequest


class Model(Protocol):
    def stream(self, request: ModelRequest) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Yield Gemini's response chunks as JSON, in order; a list holds what came together.

        Closing the iterator closes the request upstream.

        Raises:
            GeminiError: for everything that goes wrong on the way.
        """
        ...
