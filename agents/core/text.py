"""The text agent: long writing, code and analysis."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from agents.core.agent import Task
from agents.core.outputs import Said

SYSTEM = (
    "You are the text agent of a small team. You write long texts, code and analyses. "
    "Do the task you are given, completely and without mentioning the team. Answer in Markdown, "
    "in the language of the user."
)


class TextAgent:
    name = "text"
    description = (
        "Writes long texts, stories, reports and code, and analyses texts and data. Ask it when "
        "the answer is long or needs care; answer short questions yourself."
    )
    parameters: dict[str, Any] = {}

    async def run(self, task: Task) -> AsyncGenerator[Said, None]:
        call = task.call(self.name, system=SYSTEM, thoughts=True)
        async with aclosing(call.outputs()) as said:
            async for output in said:
                yield output
