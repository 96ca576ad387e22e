"""Google's routes under /v1 and /v1beta: from a request to a reply, with all that is remembered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

from emulator import catalogue, faults, request_rules, rules, wire
from emulator.attachments import Attachment
from emulator.calls import Call, function_parts, parse_body
from emulator.directives import take_apart
from emulator.files import FileStore
from emulator.paging import page
from emulator.quotas import Quotas
from emulator.recordings import Recordings
from emulator.replies import Replies
from emulator.scenario import Reply
from emulator.uploads import Uploads

_ROUTE = re.compile(
    r"/(?P<version>v1|v1beta)/(?P<kind>models|files)(?:/(?P<id>[^/:]+)(?::(?P<action>\w+))?)?"
)
# What of Google's methods is acted out, and the name under which a model lists it.
_METHODS = {
    "generateContent": "generateContent",
    "streamGenerateContent": "generateContent",
    "countTokens": "countTokens",
}


class Service:
    """One project of Google's per key, all in memory."""

    def __init__(self, recordings: Recordings, *, processing_s: float = 0.0) -> None:
        self.models = catalogue.Models()
        self.replies = Replies(recordings)
        self.files = FileStore(processing_s=processing_s)
        self.uploads = Uploads(self.files)
        self._quotas = Quotas()
        self._lost: set[str] = set()  # questions whose files were made to vanish once

    def clear(self) -> None:
        """Forget everything."""
        for memory in (self.replies, self.files, self.uploads, self._quotas, self.models):
            memory.clear()
        self._lost.clear()

    async def upload(
        self,
        path: str,
        query: dict[str, str],
        headers: dict[str, str],
        key: str,
        body: AsyncIterator[bytes],
    ) -> Reply:
        """Answer a request of an upload; see ``Uploads.reply``."""
        if "upload_id" not in query:
            rules.check_key(key)
        return await self.uploads.reply(path, query, headers, key, body)

    def reply(
        self, method: str, path: str, query: dict[str, str], key: str, raw: bytes
    ) -> tuple[Reply, str]:
        """The reply to any other request, and the agent who asked where that can be told.

        Raises:
            Refusal: Google would not answer this.
        """
        found = _ROUTE.fullmatch(path)
        if found is None:
            raise wire.Refusal(404, wire.MESSAGES[404])
        version, kind, name, action = found.groups()
        rules.check_key(key, name or "" if kind == "models" else "")
        if kind == "files":
            return self._file(method, name, action, query, key), ""
        if method == "GET" and action is None:
            scripted = self.replies.step_for(key, "models")
            return scripted or self._models(version, name, query), ""
        if action is None:
            raise wire.Refusal(404, wire.MESSAGES[404])
        if action == "streamGenerateContent" and query.get("alt") != "sse":
            raise wire.Refusal(400, "emulator: a stream needs alt=sse; see docs/emulator.md.")
        return self._model(method, version, name, action, key, raw)

    def _file(
        self, method: str, file_id: str | None, action: str | None, query: dict[str, str], key: str
    ) -> Reply:
        name = f"files/{file_id}"
        if method == "GET" and file_id is None:
            mine = [file.shown() for file in self.files.of(key)]
            return _json(page("files", mine, query, usual=10, most=100))
        if action is not None or file_id is None or method not in ("GET", "DELETE"):
            raise wire.Refusal(404, wire.MESSAGES[404])
        if method == "DELETE":
            self.files.delete(name, key)
            return _json({})
        return _json(self.files.get(name, key).shown())

    def _model(
        self, method: str, version: str, model_id: str, action: str, key: str, raw: bytes
    ) -> tuple[Reply, str]:
        """Answer a POST to a model."""
        model = self.models.find(model_id, version)
        known = model is not None and _METHODS.get(action) in model.methods
        if model is None or not known or method != "POST":
            raise rules.model_not_found(model_id, version, action)
        body = parse_body(raw)
        if action == "countTokens":
            return self.replies.step_for(key, action) or self._counted(model, key, body), ""
        call = Call(model, action, key, body, hashlib.sha256(raw).hexdigest())
        self._check(call)
        faults.check_answering(key)
        self._quotas.spend(key, model)
        return self.replies.reply_to(call), call.agent

    def _check(self, call: Call) -> None:
        """Refuse what Google refuses, and bring along the files it names."""
        rules.check_call(call)
        self._bring_files(call)
        request_rules.check_files(call)
        if call.prompt_tokens > call.model.input_limit:
            raise wire.Refusal(
                400,
                f"The input token count ({call.prompt_tokens}) exceeds the maximum number of "
                f"tokens allowed ({call.model.input_limit}).",
            )

    def _bring_files(self, call: Call) -> None:
        """Look up each uploaded file the call names; ``/emulate file=gone`` loses them, once."""
        uris = _uris(call.body)
        message = take_apart(call.question)
        if message.directives_for(call.agent).text("file") == "gone":
            question = f"{call.key} {call.question}"
            if uris and question not in self._lost:
                self._lost.add(question)
                self.files.forget(uris)
        found: dict[str, Attachment] = {}
        for uri in uris:
            if attachment := self.files.attachment(uri, call.key):
                found[uri] = attachment
        call.uploads = found

    def _counted(self, model: catalogue.Model, key: str, body: dict[str, Any]) -> Reply:
        inner = body.get("generateContentRequest")
        call = Call(model, "countTokens", key, inner or body, wrapped=bool(inner))
        rules.check_call(call)
        self._bring_files(call)
        request_rules.check_files(call)
        details = [{"modality": kind, "tokenCount": n} for kind, n in call.prompt.items()]
        return _json({"totalTokens": call.prompt_tokens, "promptTokensDetails": details})

    def _models(self, version: str, model_id: str | None, query: dict[str, str]) -> Reply:
        if model_id is not None:
            model = self.models.find(model_id, version)
            if model is None:
                raise rules.model_not_found(model_id, version, "GetModel")
            return _json(model.listed())
        return _json(page("models", self.models.listed(version), query))


def _uris(body: dict[str, Any]) -> list[str]:
    """The addresses of all files in a request, in order."""
    contents = body.get("contents") or []
    contents = [contents] if isinstance(contents, dict) else contents
    parts = [part for content in contents for part in content.get("parts") or []]
    for content in contents:
        for response in function_parts(content, "Response"):
            parts += response.get("parts") or []
    files = (part.get("fileData") or {} for part in parts)
    return [str(file["fileUri"]) for file in files if file.get("fileUri")]


def _json(shown: dict[str, Any]) -> Reply:
    return Reply(body=wire.pretty(shown) + b"\n")
