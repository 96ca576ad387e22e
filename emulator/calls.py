"""Reading a request for an answer: who asks, which model, what was said, what is offered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from emulator.attachments import Attachment, Uploads, attachment_of
from emulator.catalogue import GOOGLE_TOOLS, Model
from emulator.counting import counted
from emulator.wire import Refusal

TEXT_TOOL = "ask_text_agent"
MEDIA_TOOL = "ask_media_agent"

# What a client wrote itself is left alone when the names of Google's own fields are unified.
_OPAQUE = frozenset(
    {
        *("args", "response", "labels", "parameters", "parametersJsonSchema"),
        *("responseSchema", "responseJsonSchema", "responseFormat"),
    }
)
_SNAKE = re.compile(r"_([a-z0-9])")
_ROLE = re.compile(r"\byou are (?:the |a |an )?\W*(text|media)\b", re.IGNORECASE)
_MENTION = re.compile(r"\b(text|media) (?:agent|specialist)\b", re.IGNORECASE)


@dataclass
class Call:
    """One generateContent, streamGenerateContent or countTokens request."""

    model: Model
    method: str
    key: str
    body: dict[str, Any]
    digest: str = ""  # of the bytes of the body: a retry has the same one
    wrapped: bool = False  # a request for an answer inside one that counts its tokens
    uploads: Uploads = field(default_factory=dict)  # the key's files that it names, by address

    @property
    def contents(self) -> list[dict[str, Any]]:
        contents = self.body.get("contents") or []
        return [contents] if isinstance(contents, dict) else contents

    @cached_property
    def turns(self) -> list[dict[str, Any]]:
        """The contents, neighbours of one role as one: pieces of a stream may come back apart."""
        turns: list[dict[str, Any]] = []
        for content in self.contents:
            role = content.get("role", "user")
            if turns and turns[-1]["role"] == role:
                turns[-1]["parts"] += content["parts"]
            else:
                turns.append({"role": role, "parts": list(content["parts"])})
        return turns

    @property
    def config(self) -> dict[str, Any]:
        return self.body.get("generationConfig") or {}

    @cached_property
    def system_text(self) -> str:
        return "\n".join(_texts(self.body.get("systemInstruction") or {}))

    @cached_property
    def declared(self) -> dict[str, frozenset[str]]:
        """The functions the model may call, with the names of their parameters.

        Empty if calling is switched off.
        """
        calling = (self.body.get("toolConfig") or {}).get("functionCallingConfig") or {}
        if str(calling.get("mode", "AUTO")).upper() == "NONE":
            return {}
        return {
            str(found.get("name")): frozenset(_schema(found).get("properties") or {})
            for found in self._declarations
        }

    @property
    def _declarations(self) -> list[dict[str, Any]]:
        tools = self.body.get("tools") or []
        return [found for tool in tools for found in tool.get("functionDeclarations") or []]

    def schema_of(self, name: str) -> dict[str, Any]:
        """The schema of a declared function's parameters."""
        return next(_schema(found) for found in self._declarations if found.get("name") == name)

    @property
    def declares(self) -> bool:
        """Whether functions are declared, may they be called or not."""
        return bool(self._declarations)

    @cached_property
    def google_tools(self) -> frozenset[str]:
        tools = self.body.get("tools") or []
        return frozenset(name for tool in tools for name in GOOGLE_TOOLS if name in tool)

    @cached_property
    def question_index(self) -> int:
        """Where the current turn begins: the last message a user wrote; -1 if there is none."""
        for index in range(len(self.contents) - 1, -1, -1):
            content = self.contents[index]
            if content.get("role", "user") == "user" and not function_parts(content, "Response"):
                return index
        return -1

    @cached_property
    def question(self) -> str:
        """The text of the last message the user wrote.

        An agent may be shown the user's words before the task made of them: the task counts.
        """
        if self.question_index < 0:
            return ""
        texts = _texts(self.contents[self.question_index])
        return "\n".join(texts[-1:] if self.agent in ("text", "media") else texts)

    @cached_property
    def results(self) -> list[dict[str, Any]]:
        """The function responses this request ends with."""
        return function_parts(self.contents[-1], "Response") if self.contents else []

    @property
    def answered(self) -> list[dict[str, Any]]:
        """The function calls that the results at the end of this request answer."""
        return [found for turn in self.turns[-2:-1] for found in function_parts(turn, "Call")]

    @cached_property
    def attachments(self) -> list[Attachment]:
        """The files of the question."""
        if not self.contents:
            return []
        return list(self.files_in(self.contents[self.question_index]))

    def files_in(self, content: dict[str, Any]) -> Iterable[Attachment]:
        """The files of a content, in order."""
        parts = content.get("parts") or []
        return (found for part in parts if (found := attachment_of(part, self.uploads)))

    @cached_property
    def modalities(self) -> set[str]:
        return {str(name).upper() for name in self.config.get("responseModalities") or []}

    @cached_property
    def agent(self) -> str:
        """Who asks: "coordinator", "join" (it holds results), "text", "media" or ""."""
        if self.results:
            return "join"
        if {TEXT_TOOL, MEDIA_TOOL} & set(self.declared):
            return "coordinator"
        opening = self.system_text.partition("\n\n")[0]  # what follows may be a user's
        found = _ROLE.search(opening) or _MENTION.search(opening)
        if found:
            return found[1].lower()
        return "media" if self.wants_image or self.wants_audio else ""

    @property
    def message_number(self) -> int:
        """The question is the how-manieth message of the user."""
        return sum(
            content.get("role", "user") == "user" and not function_parts(content, "Response")
            for content in self.contents
        )

    @property
    def wants_image(self) -> bool:
        return self.model.kind == "image"

    @property
    def wants_audio(self) -> bool:
        return self.model.kind == "speech"

    @property
    def include_thoughts(self) -> bool:
        thinking = self.config.get("thinkingConfig") or {}
        return bool(thinking.get("includeThoughts")) and self.thinks

    @property
    def thinks(self) -> bool:
        thinking = self.config.get("thinkingConfig") or {}
        return self.model.thinks and thinking.get("thinkingBudget") != 0

    @property
    def invocations_shown(self) -> bool:
        """Whether the calls of Google's tools are to appear as parts, to be sent back later."""
        return self.model.is_gemini_3 and bool(
            (self.body.get("toolConfig") or {}).get("includeServerSideToolInvocations")
        )

    @cached_property
    def prompt(self) -> dict[str, int]:
        """What is read, in tokens by modality."""
        return counted(self.body, self.model.is_gemini_3, self.uploads)

    @property
    def prompt_tokens(self) -> int:
        return sum(self.prompt.values())


def parse_body(raw: bytes) -> dict[str, Any]:
    """The JSON object of a request with Google's camelCase names, however it was written.

    Raises:
        Refusal: what came is not a JSON object.
    """
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise Refusal(400, "Invalid JSON payload received. Unexpected token.") from error
    if not isinstance(body, dict):
        raise Refusal(400, "Invalid value (not an object) at 'generate_content_request'.")
    if b"\\ud" in raw.lower() and not _sendable(body):
        raise Refusal(400, "Invalid JSON payload received. Unpaired surrogate.")
    named: dict[str, Any] = camelised(body)
    return named


def _sendable(body: dict[str, Any]) -> bool:
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def camelised(value: Any) -> Any:
    if isinstance(value, list):
        return [camelised(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {_SNAKE.sub(lambda m: m[1].upper(), key): item for key, item in value.items()}
    return {
        key: item if key in _OPAQUE else camelised(item)
        for key, item in named.items()
        if item is not None
    }


def _texts(content: dict[str, Any]) -> list[str]:
    parts = content.get("parts") or []
    parts = [parts] if isinstance(parts, dict) else parts
    return [str(part["text"]) for part in parts if part.get("text")]


def function_parts(content: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The function calls (kind "Call") or responses ("Response") of a content, in order."""
    name = f"function{kind}"
    return [part[name] for part in content.get("parts") or [] if name in part]


def _schema(declaration: dict[str, Any]) -> dict[str, Any]:
    """What a function declares of its parameters, in either form."""
    return declaration.get("parametersJsonSchema") or declaration.get("parameters") or {}
