"""What runs can look like that end early, or go on without one of their agents."""

from __future__ import annotations

import asyncio
from typing import Any

from agents.core.context import Limits
from gemini.error_mapping import error_from_response
from gemini.errors import GeminiError
from gemini.outputs import Media
from tests.core.runs import PIXEL, Kind
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import Event, Shelf, as_inline, ask, asks, attached, call, events_of, said

DRAWS = asks(call("media", task="Draw a fox", reason="A picture", output="image"))
WRITES = asks(call("text", task="Write of foxes", reason="Long"))


async def _refused(status: int, message: str = "", **details: Any) -> list[Event]:
    """A run that Google turns away as many times as it is asked."""
    body = {"error": {"message": message, "details": [details] if details else []}}
    replies = [[error_from_response(status, body)] for _ in range(2)]
    return await events_of(ask(ScriptedModel(*replies)))


async def quota() -> list[Event]:
    return await _refused(429, retryDelay="37s")


async def too_long() -> list[Event]:
    return await _refused(400, "The input token count exceeds the maximum number of tokens.")


async def invalid_key() -> list[Event]:
    return await _refused(400, reason="API_KEY_INVALID")


async def key_blocked() -> list[Event]:
    return await _refused(403, "Your API key was reported as leaked.")


async def model_gone() -> list[Event]:
    return await events_of(
        ask(ScriptedModel([error_from_response(404, None)]), model="gemini-3-pro")
    )


async def upstream_error() -> list[Event]:
    return await _refused(500)


async def overloaded() -> list[Event]:
    return await _refused(503)


async def _ends(finish: str) -> list[Event]:
    return await events_of(ask(ScriptedModel(said("I ", "begin", finish=finish))))


async def safety() -> list[Event]:
    return await _ends("SAFETY")


async def recitation() -> list[Event]:
    return await _ends("RECITATION")


async def malformed_function_call() -> list[Event]:
    return await _ends("MALFORMED_FUNCTION_CALL")


async def unexpected_tool_call() -> list[Event]:
    return await _ends("UNEXPECTED_TOOL_CALL")


async def no_image() -> list[Event]:
    replies = [[chunk(finish="NO_IMAGE")] for _ in range(2)]
    return await events_of(ask(ScriptedModel(*replies), "something", agent="media"))


async def no_video() -> list[Event]:
    return await events_of(ask(ScriptedModel(), "A film of a fox", agent="media", output="video"))


async def billing_required() -> list[Event]:
    """A free key and a model that takes none: nothing to wait for, another model is offered."""
    body = {"error": {"message": "Quota exceeded: requests, limit: 0, model: gemini-3.1-pro"}}
    model = ScriptedModel([error_from_response(429, body)])
    return await events_of(ask(model, model="gemini-3-pro"))


async def no_answer() -> list[Event]:
    return await events_of(ask(ScriptedModel(*[[chunk(finish="STOP")] for _ in range(2)])))


async def file_refused() -> list[Event]:
    scan = Media(b"%PDF", "application/pdf", "scan.pdf", id="scan")
    body = {"error": {"message": "The document has no pages."}}
    answer = ask(
        *(ScriptedModel([error_from_response(400, body)]), "What does it say?"),
        shelf=Shelf(scan),
        attachments=[attached(scan)],
    )
    return await events_of(answer)


async def tools_left_out() -> list[Event]:
    model = ScriptedModel([GeminiError("tools_refused")], said("Foxes."))
    return await events_of(ask(model, "Foxes?", agent="text", tools=("search", "code")))


async def two_ends() -> list[Event]:
    return await events_of(ask(ScriptedModel([*said("One"), *said(" and two.")])))


async def no_video_in_delegation() -> list[Event]:
    films = asks(call("media", task="Film a fox", reason="A film", output="video"))
    model = ScriptedModel(films, said("There can be no film; here is its script."))
    return await events_of(ask(model, "A film of a fox"))


async def delegation_timed_out() -> list[Event]:
    model = ScriptedModel(
        WRITES, [chunk(text("Once ")), asyncio.Event()], said("It took too long; in short: foxes.")
    )
    return await events_of(ask(model, "Write of foxes", limits=Limits(agent_s=0.05)))


async def delegation_blocked() -> list[Event]:
    model = ScriptedModel(WRITES, said("Once", finish="SAFETY"), said("That was refused."))
    return await events_of(ask(model, "Write of foxes"))


async def delegation_out_of_quota() -> list[Event]:
    """The agent's failure says when it may be asked again, and what else to try."""
    late = GeminiError("quota", retry_after_s=37)
    model = ScriptedModel(WRITES, [late], said("Our writer is out of quota."))
    return await events_of(ask(model, "Write of foxes"))


async def storage_full_in_delegation() -> list[Event]:
    picture = asks(as_inline("image/png", PIXEL))
    model = ScriptedModel(DRAWS, picture, said("There is no room for the picture."))
    return await events_of(ask(model, "Draw a fox", shelf=Shelf(room=0)))


async def limit_reached() -> list[Event]:
    model = ScriptedModel(*[asks(*_both()), said("a"), said("b")] * 9)
    return await events_of(ask(model, "Go on and on", limits=Limits(model_calls=5)))


def _both() -> list[dict[str, Any]]:
    return [
        call("text", task="Write of foxes", reason="Long"),
        call("media", task="Describe a fox", reason="Pictures", output="text"),
    ]


FAILING: list[Kind] = [
    *(quota, too_long, invalid_key, key_blocked, model_gone, upstream_error, overloaded),
    *(billing_required, no_answer, file_refused, tools_left_out),
    *(safety, recitation, malformed_function_call, unexpected_tool_call, no_image, no_video),
    *(two_ends, no_video_in_delegation, delegation_timed_out, delegation_blocked),
    *(delegation_out_of_quota, storage_full_in_delegation, limit_reached),
]
