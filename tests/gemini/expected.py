"""What a recording says, read straight from its JSON, without the product's help."""

from __future__ import annotations

import base64
import json
from typing import Any

from tests.gemini.test_error_mapping import CODES

Part = dict[str, Any]

REFUSED = {
    "SAFETY": "blocked",
    "RECITATION": "recitation",
    "NO_IMAGE": "no_image",
    "MALFORMED_FUNCTION_CALL": "upstream_error",
    "UNEXPECTED_TOOL_CALL": "upstream_error",
}


class Expected:
    """What must come of a recorded answer."""

    def __init__(self, recording: dict[str, Any]) -> None:
        self.id = recording["id"]
        self.status = recording["status"]
        self.tail = recording.get("tail") or ""
        if recording.get("sse") is not None:
            frames = [json.loads(frame) for frame in recording["sse"]]
        else:
            body = json.loads(recording["body"])
            frames = body if isinstance(body, list) else [body]
        self.frames = frames if self.status == 200 else []
        self.candidates = [
            candidate for frame in self.frames for candidate in frame.get("candidates", [])
        ]
        self.parts = [
            part
            for candidate in self.candidates
            for part in candidate.get("content", {}).get("parts", [])
        ]

    @property
    def text(self) -> str:
        return "".join(part["text"] for part in self.parts if _is_answer(part))

    @property
    def thoughts(self) -> str:
        return "".join(part["text"] for part in self.parts if part.get("thought"))

    @property
    def media(self) -> list[bytes]:
        blobs = [part["inlineData"]["data"] for part in self.parts if "inlineData" in part]
        return [base64.b64decode(blob) for blob in blobs]

    @property
    def calls(self) -> list[tuple[str, Part]]:
        """Names and arguments; of arguments in pieces only their texts, which is all there are."""
        found: list[tuple[str, Part]] = []
        for call in (part["functionCall"] for part in self.parts if "functionCall" in part):
            if "name" in call:
                found.append((call["name"], dict(call.get("args", {}))))
            for piece in call.get("partialArgs", []):
                name = piece["jsonPath"].removeprefix("$.")
                found[-1][1][name] = found[-1][1].get(name, "") + piece["stringValue"]
        return found

    @property
    def signatures(self) -> list[str]:
        return [part["thoughtSignature"] for part in self.parts if "thoughtSignature" in part]

    @property
    def finish(self) -> str:
        reasons = [candidate.get("finishReason") for candidate in self.candidates]
        return next((reason for reason in reversed(reasons) if reason), "")

    @property
    def code(self) -> str:
        """The error the call ends with; empty if it ends well."""
        if self.status != 200:
            return CODES[self.id]
        if self.tail:
            by_status = {429: "quota", 500: "upstream_error", 503: "overloaded", 504: "timeout"}
            return by_status[json.loads(self.tail)["error"]["code"]]
        feedback = [frame.get("promptFeedback", {}) for frame in self.frames]
        if any({"blockReason", "blockReasonMessage"} & set(one) for one in feedback):
            return "blocked"
        if not self.finish:
            return "truncated"
        answers = self.is_shown or self.calls
        return REFUSED.get(self.finish, "" if answers else "no_answer")

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to show for an answer."""
        return bool(self.text.strip() or self.media or self.codes)

    def code_of(self, agent: str) -> str:
        """The error a run of this agent's ends with: nobody offered it the functions it calls."""
        alone = agent in ("text", "media") and not self.is_shown
        return self.code or ("no_answer" if alone else "")

    @property
    def usage(self) -> tuple[int, int, int, int]:
        """Input, output, thought and cached tokens: the last count of each kind that was given."""
        last: dict[str, int] = {}
        for frame in self.frames:
            last |= frame.get("usageMetadata", {})
        thought = last.get("thoughtsTokenCount", 0)
        return (
            last.get("promptTokenCount", 0) + last.get("toolUsePromptTokenCount", 0),
            last.get("candidatesTokenCount", 0) + thought,
            thought,
            last.get("cachedContentTokenCount", 0),
        )

    @property
    def pictures(self) -> list[bytes]:
        return [data for data in self.media if data[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")]

    @property
    def codes(self) -> int:
        """How often code is told of: as it begins, and as it ends."""
        kinds = {"executableCode", "codeExecutionResult"}
        return sum(bool(kinds & set(part)) for part in self.parts)

    @property
    def grounding(self) -> Part:
        return self._metadata("groundingMetadata")

    @property
    def pages(self) -> list[Part]:
        """Addresses that were read, and whether that went well."""
        found = self._metadata("urlContextMetadata").get("urlMetadata", [])
        good = "URL_RETRIEVAL_STATUS_SUCCESS"
        return [
            {"uri": page["retrievedUrl"], "ok": page["urlRetrievalStatus"] == good}
            for page in found
        ]

    @property
    def sources(self) -> list[Part]:
        kinds = ("web", "maps", "retrievedContext")
        chunks = [
            next(chunk[kind] for kind in kinds if kind in chunk)
            for chunk in self.grounding.get("groundingChunks", [])
        ]
        for chunk in chunks:
            for noted in chunk.get("customMetadata", []):
                chunk["uri"] = noted["stringValue"]
        found = [{"title": one.get("title", one["uri"]), "uri": one["uri"]} for one in chunks]
        for source, chunk in zip(found, self.grounding.get("groundingChunks", []), strict=True):
            source |= {"kind": "maps"} if "maps" in chunk else {}
        read = [{"title": page["uri"], "uri": page["uri"]} for page in self.pages if page["ok"]]
        cited = [{"title": uri, "uri": uri} for uri in dict.fromkeys(self.cited)]
        return found or read or cited

    @property
    def cited(self) -> list[str]:
        """Addresses that Gemini says it quotes from."""
        citations = [candidate.get("citationMetadata", {}) for candidate in self.candidates]
        return [one["uri"] for found in citations for one in found.get("citationSources", [])]

    @property
    def supported(self) -> list[tuple[str, list[int]]]:
        """The words that rest on sources, and on which."""
        return [
            (support["segment"]["text"], support["groundingChunkIndices"])
            for support in self.grounding.get("groundingSupports", [])
        ]

    @property
    def kept(self) -> list[Part]:
        """The parts that go back to the model: as sent, but neighbouring plain texts are one."""
        kept: list[Part] = []
        for part in self.parts:
            signed = "thoughtSignature" in part
            if (part.get("thought") and not signed) or part == {"text": ""}:
                continue
            if "audio/L16" in part.get("inlineData", {}).get("mimeType", ""):
                continue
            if part.keys() == {"text"} and kept and kept[-1].keys() == {"text"}:
                kept[-1] = {"text": kept[-1]["text"] + part["text"]}
            elif "functionCall" not in part:
                kept.append(part)
            elif "name" in part["functionCall"]:
                name, args = self.calls[sum("functionCall" in before for before in kept)]
                known = {"id": part["functionCall"]["id"]} if "id" in part["functionCall"] else {}
                kept.append({**part, "functionCall": {**known, "name": name, "args": args}})
        return kept

    def _metadata(self, name: str) -> Part:
        whole: Part = {}
        for candidate in self.candidates:
            whole |= candidate.get(name, {})
        return whole


def units(text: str, start: int, end: int) -> str:
    """A slice of a text by UTF-16 code units."""
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


def _is_answer(part: dict[str, Any]) -> bool:
    return "text" in part and not part.get("thought")
