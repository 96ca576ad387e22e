"""The text agent: long writing, code and analysis, with search, code execution and web pages."""

from __future__ import annotations

from agents.core.agent import Agent, Task

SYSTEM = (
    "You are the text agent of a small team. You write long texts, code and analyses. "
    "Do the task you are given, completely and without mentioning the team. Answer in Markdown, "
    "in the language of the user."
)


class TextAgent(Agent):
    name = "text"
    label = "Text agent"
    description = (
        "Writes long texts, stories, reports and code, and analyses texts and data. Where the user "
        "allows it, searches the web, reads web pages by their address, and runs code. Ask it when "
        "the answer is long or needs care, what is new, or something computed; answer short "
        "questions yourself."
    )
    tools = ("search", "code", "url", "maps")

    async def run(self, task: Task) -> None:
        await task.answer(system=SYSTEM, thoughts=True)


AGENT = TextAgent()
