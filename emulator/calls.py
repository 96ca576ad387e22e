"""Reading a request for an answer: who makes it, of which model, with which tools."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

from emulator.attachments import Attachment, FindUpload, attachment_of, tokens
from emulator.catalogue import GOOGLE_TOOLS, Model
from emulator.directives import AGENTS, Directives, Message, parse_message
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
_CODE_FIELDS = (
    *("functionCall", "functionResponse", "toolCall", "toolResponse"),
    *("executableCode", "codeExecutionResult"),
)
_SNAKE = re.compile(r"_([a-z0-9])")
_ROLE = re.compile(r"\byou are (?:the |a |an )?\W*(text|media)\b", re.IGNORECASE)


@dataclass
class Call:
    """One generateContent, streamGenerateContent or countTokens request."""

    model: Model
    method: str
    key: str
    body: dict[str, Any]
    digest: str = ""  # of the bytes of the body: a retry has the same one
    wrapped: bool = False  # a request for an answer inside one that counts its tokens
    find_upload: FindUpload = lambda uri: None

    @property
    def contents(self) -> list[dict[str, Any]]:
        return _as_list(self.body.get("contents"))

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

    @property
    def function_declarations(self) -> list[dict[str, Any]]:
        """The functions that are declared, may they be called or not."""
        tools = self.body.get("tools") or []
        return [one for tool in tools for one in tool.get("functionDeclarations") or []]

    @cached_property
    def callable_functions(self) -> dict[str, frozenset[str]]:
        """The functions the model may call, with the names of their parameters.

        Empty if calling is switched off.
        """
        calling = self._tool_config.get("functionCallingConfig") or {}
        if str(calling.get("mode", "AUTO")).upper() == "NONE":
            return {}
        functions: dict[str, frozenset[str]] = {}
        for one in self.function_declarations:
            schema = one.get("parametersJsonSchema") or one.get("parameters") or {}
            functions[str(one.get("name"))] = frozenset(schema.get("properties") or {})
        return functions

    @cached_property
    def google_tools(self) -> frozenset[str]:
        tools = self.body.get("tools") or []
        return frozenset(name for tool in tools for name in GOOGLE_TOOLS if name in tool)

    @property
    def shows_google_tools(self) -> bool:
        """Whether the calls of Google's tools are to appear as parts, to be sent back later."""
        shown = self._tool_config.get("includeServerSideToolInvocations")
        return self.model.is_gemini_3 and bool(shown)

    @property
    def _tool_config(self) -> dict[str, Any]:
        return self.body.get("toolConfig") or {}

    @cached_property
    def turn_start(self) -> int:
        """Where the current turn begins: the last message a user wrote; -1 if there is none."""
        for index in range(len(self.contents) - 1, -1, -1):
            content = self.contents[index]
            if content.get("role", "user") == "user" and not function_parts(content, "Response"):
                return index
        return -1

    @cached_property
    def message(self) -> Message:
        """The last message the user wrote.

        An agent may be shown the user's words before the task made of them: the task counts.
        """
        texts = _texts(self.contents[self.turn_start]) if self.turn_start >= 0 else []
        return parse_message("\n".join(texts[-1:] if self.agent in AGENTS else texts))

    @cached_property
    def directives(self) -> Directives:
        """What the message asks of this call beside an answer."""
        return self.message.directives_for(self.agent)

    @cached_property
    def results(self) -> list[dict[str, Any]]:
        """The function responses this request ends with."""
        return function_parts(self.contents[-1], "Response") if self.contents else []

    @cached_property
    def files(self) -> list[list[Attachment]]:
        """The files of each content, in order; those in results too.

        Raises:
            Refusal: one was uploaded, and is not there or not ready.
        """
        return [[*self._files_in(content)] for content in self.contents]

    def _files_in(self, content: dict[str, Any]) -> Iterator[Attachment]:
        parts = list(content.get("parts") or [])
        for response in function_parts(content, "Response"):
            parts += response.get("parts") or []
        return (file for part in parts if (file := attachment_of(part, self.find_upload)))

    @property
    def attachments(self) -> list[Attachment]:
        """The files of the last message."""
        return self.files[self.turn_start] if self.files else []

    @cached_property
    def modalities(self) -> set[str]:
        return {str(name).upper() for name in self.config.get("responseModalities") or []}

    @cached_property
    def agent(self) -> str:
        """Whose call it is: "coordinator", "join" (it holds results), "text", "media" or ""."""
        if self.results:
            return "join"
        if {TEXT_TOOL, MEDIA_TOOL} & self.callable_functions.keys():
            return "coordinator"
        opening = self.system_text.partition("\n\n")[0]  # what follows may be a user's
        if role := _ROLE.search(opening):
            return role[1].lower()
        return "media" if self.model.kind in ("image", "speech") else ""

    @property
    def thinks(self) -> bool:
        thinking = self.config.get("thinkingConfig") or {}
        return self.model.thinks and thinking.get("thinkingBudget") != 0

    @property
    def include_thoughts(self) -> bool:
        thinking = self.config.get("thinkingConfig") or {}
        return bool(thinking.get("includeThoughts")) and self.thinks

    @cached_property
    def prompt(self) -> dict[str, int]:
        """What is read, in tokens by modality: TEXT first, one token at least.

        What tools are offered is not counted.
        """
        contents = [*self.contents, self.body.get("systemInstruction") or {}]
        parts = [part for content in contents for part in _as_list(content.get("parts"))]
        total: Counter[str] = Counter()
        for file in chain(*self.files):
            total += file.tokens(gemini_3=self.model.is_gemini_3)
        total["TEXT"] += tokens(sum(map(_chars, parts))) or (0 if total else 1)
        ordered = sorted(total, key=lambda kind: (kind != "TEXT", kind))
        return {kind: total[kind] for kind in ordered if total[kind]}

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
    if b"\\ud" in raw.lower():
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise Refusal(400, "Invalid JSON payload received. Unpaired surrogate.") from error
    named: dict[str, Any] = camelised(body)
    return named


def camelised(value: Any) -> Any:
    """The same JSON with Google's own names in camelCase, and without nulls."""
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


def function_parts(content: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The function calls (kind "Call") or responses ("Response") of a content, in order."""
    name = f"function{kind}"
    return [part[name] for part in content.get("parts") or [] if name in part]


def _chars(part: dict[str, Any]) -> int:
    """How much text a part is; the files in a function's response are none."""
    fields = (part[name] for name in _CODE_FIELDS if name in part)
    plain = ({k: v for k, v in field.items() if k != "parts"} for field in fields)
    return sum(len(json.dumps(field)) for field in plain) + len(str(part.get("text") or ""))


def _texts(content: dict[str, Any]) -> list[str]:
    return [str(part["text"]) for part in _as_list(content.get("parts")) if part.get("text")]


def _as_list(value: Any) -> list[dict[str, Any]]:
    """Google takes one object where a list of one belongs."""
    return [value] if isinstance(value, dict) else value or []
