"""One model call on a script: how the core's tests make it and what they see."""

from __future__ import annotations

from typing import Any

import pytest

from agents.core.call import ModelCall
from agents.core.context import Limits, RunContext
from gemini.errors import GeminiError
from gemini.request import ModelRequest
from tests.core.scripted import ScriptedModel
from tests.core.team import KEY, Shelf


def calling(*replies, request=None, **limits):
    """A model call on these replies, the scripted model, and the call's context."""
    model, shelf = ScriptedModel(*replies), Shelf()
    context = RunContext(client=model, limits=Limits(**limits), save=shelf.save, files=shelf)
    wanted = {"contents": (), "limits": context.limits, **(request or {})}
    sent = ModelRequest("gemini", "", api_key=KEY, **wanted)
    return call_of(sent, context), model, context


class Outputs(list):
    """An emitter that keeps what an agent emits."""

    emit = list.append

    async def drain(self) -> None:
        return None


def call_of(request: ModelRequest, context: RunContext) -> ModelCall:
    return ModelCall(request, context, Outputs(), agent="text")


def emitted(call: ModelCall) -> list[Any]:
    assert isinstance(call._emitter, Outputs)
    return call._emitter


async def outputs(call: ModelCall) -> list[Any]:
    await call.run()
    return emitted(call)


async def failure(call: ModelCall) -> tuple[GeminiError, list[Any]]:
    """The error a call ends with, and what it emitted before."""
    with pytest.raises(GeminiError) as caught:
        await call.run()
    return caught.value, emitted(call)
