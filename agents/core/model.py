"""The port to a language model.

An adapter sends requests and brings the parser for what comes back, so the agents never look into
a chunk: an adapter to another interface of Google's brings its own pair. What agents know of an
answer is ``ResponseParser``'s: outputs, usage, function calls, and the content to send back.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from gemini.request import ModelRequest
from gemini.response import ResponseParser


class Model(Protocol):
    def parser(self, *secrets: str) -> ResponseParser:
        """A parser for one answer of ``stream``.

        Args:
            secrets: keys, which are kept out of what the model says.
        """
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Yield the answer's chunks for ``parser``, in order; a list holds what came together.

        Closing the iterator closes the request upstream.

        Raises:
            GeminiError: for everything that goes wrong on the way.
        """
        ...
