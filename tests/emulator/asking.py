"""Asking the emulator through Google's SDK, and taking apart what came."""

from __future__ import annotations

from typing import Any

from google import genai
from google.genai import types

MODEL = "gemini-3.8-flash"
SCHEMA = {
    "type": "object",
    "properties": {"task": {"type": "string"}, "reason": {"type": "string"}},
    "required": ["task", "reason"],
}
TEAM = [
    types.Tool(
        function_declarations=[
            types.FunctionDeclaration(
                name=f"ask_{name}_agent", description=name, parameters_json_schema=SCHEMA
            )
            for name in ("text", "media")
        ]
    )
]


async def stream(
    client: genai.Client, contents: Any, model: str = MODEL, **config: Any
) -> list[types.GenerateContentResponse]:
    chunks = await client.aio.models.generate_content_stream(
        model=model, contents=contents, config=types.GenerateContentConfig(**config)
    )
    return [chunk async for chunk in chunks]


def text_of(chunks: list[types.GenerateContentResponse], *, thoughts: bool = False) -> str:
    return "".join(part.text or "" for part in parts_of(chunks) if bool(part.thought) is thoughts)


def parts_of(chunks: list[types.GenerateContentResponse]) -> list[types.Part]:
    candidates = [chunk.candidates[0] for chunk in chunks if chunk.candidates]
    contents = [candidate.content for candidate in candidates if candidate.content]
    return [part for content in contents for part in content.parts or []]


def calls_of(chunks: list[types.GenerateContentResponse]) -> list[types.FunctionCall]:
    return [part.function_call for part in parts_of(chunks) if part.function_call]


async def delegate(client: genai.Client, prompt: str, model: str = MODEL) -> list[types.Content]:
    """The contents after a delegation: question, calls, and a result for each call."""
    chunks = await stream(client, prompt, model, tools=TEAM)
    results = [
        types.Part(
            function_response=types.FunctionResponse(
                id=call.id, name=call.name, response={"output": "Once upon a time there was a key"}
            )
        )
        for call in calls_of(chunks)
    ]
    return [
        types.Content(role="user", parts=[types.Part(text=prompt)]),
        types.Content(role="model", parts=parts_of(chunks)),
        types.Content(role="user", parts=results),
    ]
