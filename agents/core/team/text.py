"""The text agent: long writing, code and analysis, with search, code execution and web pages."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from agents.core.agent import Task, Tool
from gemini.outputs import Said

SYSTEM = (
    "You are the text agent of a small team. You write long texts, code and analyses. "
    "Do the task you are given, completely and without mentioning the team. Answer in Markdown, "
    "in the language of the user."
)


class TextAgent:
    name = "text"
    label = "Text agent"
    description = (
        "Writes long texts, stories, reports and code, and analyses texts and data. Where the user "
        "allows it, searches the web, reads web pages by their address, and runs code. Ask it when "
        "the answer is long or needs care, what is new, or something computed; answer short "
        "questions yourself."
    )
    parameters: dict[str, Any] = {}
    tools: tuple[str | Tool, ...] = ("search", "code", "url", "maps")
    outputs: tuple[str, ...] = ()
    takes: frozenset[str] = frozenset()

    def run(self, task: Task) -> AsyncGenerator[Said, None]:
        return task.answer(system=SYSTEM, thoughts=True)


AGENT = TextAgent()
