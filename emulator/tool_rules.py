"""What Google refuses in the tools of a request.

The sentences are Google's as public reports quote them; the recordings hold none of these errors.
"""

from __future__ import annotations

from emulator.calls import Call
from emulator.wire import Refusal

_NAMES = {
    "googleSearch": "Search as tool is",
    "urlContext": "Browse as tool is",
    "codeExecution": "Code execution is",
    "googleMaps": "Google Maps tool is",
}


def check_tools(call: Call) -> None:
    """Refuse tools that this model does not have, and kinds that do not go together.

    Raises:
        Refusal: 400 with Google's sentence.
    """
    model = call.model
    if model.kind != "chat" and call.declared:
        raise Refusal(400, f"Function calling is not enabled for models/{model.id}")
    for tool in sorted(call.google_tools - model.google_tools):
        raise Refusal(400, f"{_NAMES[tool]} not enabled for models/{model.id}")
    if not (call.google_tools and call.declares):
        return
    if not model.is_gemini_3:
        raise Refusal(400, "Tool use with function calling is unsupported")
    if not call.invocations_shown:
        raise Refusal(
            400,
            "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools "
            "with Function calling.",
        )
