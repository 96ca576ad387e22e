"""Reading a request for an answer: who asks, which model, what was said, what is offered."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from emulator import signatures
from emulator.catalogue import Model
from emulator.wire import Refusal, tokens

TEXT_TOOL = "ask_text_agent"
MEDIA_TOOL = "ask_media_agent"
GOOGLE_TOOLS = ("googleSearch", "codeExecution", "urlContext", "googleMaps", "fileSearch")

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


@dataclass(frozen=True)
class Attachment:
    """A file that came with the request: its bytes, or the address it lies at."""

    mime_type: str
    data: bytes | None
    uri: str = ""


@dataclass
class Call:
    """One generateContent, streamGenerateContent or countTokens request."""

    model: Model
    method: str
    key: str
    body: dict[str, Any]
    digest: str = ""  # of the bytes of the body: a retry has the same one

    @property
    def contents(self) -> list[dict[str, Any]]:
        contents = self.body.get("contents") or []
        return [contents] if isinstance(contents, dict) else contents

    @property
    def config(self) -> dict[str, Any]:
        return self.body.get("generationConfig") or {}

    @cached_property
    def system_text(self) -> str:
        return texts_of(self.body.get("systemInstruction") or {})

    @cached_property
    def declared(self) -> dict[str, frozenset[str]]:
        """The functions the model may call, with the names of their parameters.

        Empty if calling is switched off.
        """
        mode = self._calling.get("mode", "AUTO")
        if str(mode).upper() == "NONE":
            return {}
        allowed = self._calling.get("allowedFunctionNames")
        declarations = (
            declaration
            for tool in self.body.get("tools") or []
            for declaration in tool.get("functionDeclarations") or []
        )
        return {
            str(found.get("name")): _parameter_names(found)
            for found in declarations
            if not allowed or found.get("name") in allowed
        }

    @property
    def must_call(self) -> bool:
        return str(self._calling.get("mode", "")).upper() == "ANY" and bool(self.declared)

    @property
    def _calling(self) -> dict[str, Any]:
        return (self.body.get("toolConfig") or {}).get("functionCallingConfig") or {}

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

    @cached_property
    def attachments(self) -> list[Attachment]:
        parts = self.contents[self.question_index].get("parts", []) if self.contents else []
        return [found for part in parts if (found := _attachment(part))]

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
        found = _ROLE.search(self.system_text) or _MENTION.search(self.system_text)
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

    @cached_property
    def prompt_tokens(self) -> int:
        said = sum(len(texts_of(content)) for content in self.contents)
        media = 258 * len(self.attachments)
        return max(1, tokens(said + len(self.system_text)) + media)


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


def texts_of(content: dict[str, Any]) -> str:
    return "\n".join(_texts(content))


def _texts(content: dict[str, Any]) -> list[str]:
    parts = content.get("parts") or []
    parts = [parts] if isinstance(parts, dict) else parts
    return [str(part["text"]) for part in parts if part.get("text")]


def function_parts(content: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The function calls (kind "Call") or responses ("Response") of a content, in order."""
    name = f"function{kind}"
    return [part[name] for part in content.get("parts") or [] if name in part]


def _parameter_names(declaration: dict[str, Any]) -> frozenset[str]:
    schema = declaration.get("parametersJsonSchema") or declaration.get("parameters") or {}
    return frozenset(schema.get("properties") or {})


def _attachment(part: dict[str, Any]) -> Attachment | None:
    if inline := part.get("inlineData"):
        data = signatures.decoded(str(inline.get("data", "")))
        return Attachment(str(inline.get("mimeType", "")), data)
    if file := part.get("fileData"):
        return Attachment(str(file.get("mimeType", "")), None, str(file.get("fileUri", "")))
    return None
