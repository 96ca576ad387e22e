"""One model call on a script: how the core's tests make it and what they see."""

from __future__ import annotations

import pytest

from agents.core.call import ModelCall
from agents.core.testing import ScriptedModel
from agents.core.turn import Limits, Record
from gemini.errors import GeminiError
from gemini.request import ModelRequest
from tests.core.team import KEY, Shelf


def calling(*replies, request=None, **limits):
    """A model call on these replies, the scripted model, and the record with its shelf."""
    model, shelf = ScriptedModel(*replies), Shelf()
    record = Record(Limits(**limits), save=shelf.save, files=shelf)
    wanted = {"contents": (), "limits": record.limits, **(request or {})}
    call = ModelCall("text", model, ModelRequest("gemini", "", api_key=KEY, **wanted), record)
    return call, model, record


async def outputs(call: ModelCall) -> list[object]:
    return [output async for output in call.outputs()]


async def failure(call: ModelCall) -> tuple[GeminiError, list[object]]:
    """The error a call ends with, and what it yielded before."""
    yielded: list[object] = []
    with pytest.raises(GeminiError) as caught:
        yielded += [yielded.append(output) async for output in call.outputs()]
    return caught.value, yielded
