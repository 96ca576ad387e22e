"""What Google refuses in a request.

Each rule is a generator of Google's sentences; the first one counts, so a rule may rely on all that
those before it let through. `docs/emulator.md` says of each sentence where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator import model_rules, request_rules, signature_rules
from emulator.calls import Call
from emulator.errors import Refusal


def check_call(call: Call) -> None:
    """Refuse what Google refuses in a request for an answer, or for the count of one.

    Raises:
        Refusal: with Google's sentence.
    """
    for problem in _problems(call):
        raise Refusal(400, problem)


def model_not_found(model_id: str, version: str, method: str) -> Refusal:
    """Google's 404 for a model that is none, or cannot do this."""
    return Refusal(
        404,
        f"models/{model_id} is not found for API version {version}, or is not supported for "
        f"{method}. Call ListModels to see the list of available models and their supported "
        "methods.",
    )


def _problems(call: Call) -> Iterator[str]:
    yield from request_rules.problems(call)
    if call.method != "countTokens" or call.wrapped:
        yield from model_rules.problems(call)
        if call.model.is_gemini_3:
            yield from signature_rules.problems(call)
    yield from request_rules.problems_of_files(call)
