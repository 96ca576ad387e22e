"""Makes a request once more in another form, where Google refused the first one.

    history_refused   earlier exchanges go as plain text, without signatures and calls
    tools_refused     without Google's tools, and then without ours
    too_large         files go by way of its Files API

Each is tried once in a call: a form that was refused twice is refused for another reason, and
every try is a call that counts. What the user should know of it is shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

from gemini.errors import GeminiError
from gemini.files import has_files
from gemini.keys import Key
from gemini.outputs import Activity
from gemini.request import ModelRequest
from gemini.types import Content

Compose = Callable[[Key | None, bool], tuple[Content, ...]]
"""The contents of a request for a key; the second argument: what was said before as words."""

WITHOUT_TOOLS = "Google refused these tools for this model, so the answer is made without them."
AS_TEXT = "Gemini could not take its earlier answers back as they were; it got their words."


class Repairs:
    """The other forms of one call's request."""

    def __init__(self, compose: Compose | None) -> None:
        self._compose = compose
        self._tried: set[str] = set()

    def for_key(self, request: ModelRequest, key: Key | None) -> ModelRequest:
        """The request as another key can make it."""
        if self._compose is None:
            return request
        # A repair survives the change of a key: the same contents would be refused once more.
        as_text = "history_refused" in self._tried
        return replace(request, contents=self._compose(key, as_text))

    def repaired(
        self, request: ModelRequest, error: GeminiError, key: Key | None
    ) -> tuple[ModelRequest, Activity | None] | None:
        """Another form of a refused request, and what to tell of it; None: there is none."""
        code = error.code
        # Not in ``_tried``: this repair has two steps, and ends by itself once there are no tools
        # left.
        if code == "tools_refused":
            return _without_tools(request)
        if code in self._tried:
            return None
        self._tried.add(code)
        if code == "history_refused" and self._compose:
            contents = self._compose(key, True)
            # Nothing was signed or called in them: it would be the same request, refused again, and
            # every try counts as a call of the run.
            if contents == request.contents:
                return None
            return replace(request, contents=contents), _notice(code, AS_TEXT)
        # Zero bytes may travel inside then. A limit of zero already means that they did not: then
        # it is the words, or the files themselves, that are too large.
        if code == "too_large" and has_files(request.contents) and request.limits.inline_bytes:
            return replace(request, limits=replace(request.limits, inline_bytes=0)), None
        return None


def _without_tools(request: ModelRequest) -> tuple[ModelRequest, Activity | None] | None:
    """Without Google's tools; and if there are none of those, without ours."""
    if not request.tools and not request.functions:
        return None
    functions = request.functions if request.tools else ()
    other = replace(request, tools=(), functions=functions)
    return other, _notice("tools_refused", WITHOUT_TOOLS)


def _notice(code: str, message: str) -> Activity:
    return Activity("notice", {"code": code, "message": message}, ref=str(uuid4()))
