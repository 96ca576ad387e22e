"""The port to a language model: what an adapter to one of Google's interfaces brings.

An adapter sends requests, and brings the parser for what comes back. The agents hand chunks from
the one to the other and never look into them, so an adapter to another interface brings its own
pair (docs/adr/0016).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any, Protocol

from gemini.outputs import ModelOutput
from gemini.request import ModelRequest
from gemini.types import Content, FunctionCall
from gemini.usage import Usage


class AnswerParser(Protocol):
    """One answer, which may take several requests. ``gemini.response.ResponseParser`` is one."""

    @property
    def usage(self) -> Usage:
        """What the request has used so far."""
        ...

    @property
    def is_finished(self) -> bool:
        """Whether the model has said that it is done with this request."""
        ...

    @property
    def continuation(self) -> str:
        """What a further request names to go on with the answer; empty: it is complete."""
        ...

    @property
    def text(self) -> str:
        """The answer so far, without thoughts."""
        ...

    @property
    def functions(self) -> list[FunctionCall]:
        """The function calls of the answer."""
        ...

    def content(self) -> Content:
        """The answer as it goes back to the model with the next request."""
        ...

    def feed(self, chunks: list[Any]) -> Iterator[ModelOutput]:
        """The outputs of chunks that came together. Raises ``GeminiError``."""
        ...

    def flush(self) -> Iterator[ModelOutput]:
        """After a failure: text that was held back until it was clear that it holds no key."""
        ...

    def finish(self) -> Iterator[ModelOutput]:
        """At the end: what was held back, and what is only known then."""
        ...

    def resume(self) -> None:
        """Another request goes on with the same answer."""
        ...

    def check_finish(self, expects: str = "") -> str:
        """Why the answer is not whole though it ended well, or nothing. Raises ``GeminiError``."""
        ...


class Model(Protocol):
    def parser(self, *secrets: str) -> AnswerParser:
        """A parser for one answer of ``stream``.

        Args:
            secrets: keys, which are removed from whatever comes out.
        """
        ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[list[Any], None]:
        """Yield the answer's chunks for ``parser``, in order; a list holds what came together.

        Closing the iterator closes the request upstream.

        Raises:
            GeminiError: for everything that goes wrong on the way.
        """
        ...
