"""Google's routes under /v1 and /v1beta: from a request to a reply, with all that is remembered."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator
from functools import partial

from emulator import faults, rules
from emulator.attachments import Attachment
from emulator.calls import Call, camelised, parse_body
from emulator.catalogue import Model, Models
from emulator.delivery import Request
from emulator.files import FileStore, Uploads
from emulator.frames import details
from emulator.replies import Replies
from emulator.scripts import Recordings, Reply
from emulator.wire import Refusal

METHODS = ("generateContent", "streamGenerateContent", "countTokens")
_ROUTE = re.compile(
    r"/(?P<version>v1|v1beta)/(?P<kind>models|files)(?:/(?P<id>[^/:]+)(?::(?P<action>\w+))?)?"
)


class Service:
    """One project of Google's per key, all in memory."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.models = Models()
        self.replies = Replies(self._recordings)
        self.files = FileStore()
        self.uploads = Uploads(self.files)
        self._lost: set[str] = set()  # messages for which files were made to vanish once

    async def upload(self, request: Request, key: str, body: AsyncIterator[bytes]) -> Reply:
        """Answer a request of an upload; see ``Uploads.reply``."""
        if "upload_id" not in request.query:
            faults.check_key(key)
        return await self.uploads.reply(request, key, body)

    def reply(self, request: Request, key: str, raw: bytes) -> tuple[Reply, str]:
        """The reply to any other request, and the agent whose it is where that can be known.

        Raises:
            Refusal: Google would not answer this.
        """
        route = _ROUTE.fullmatch(request.path)
        if route is None:
            raise Refusal(404)
        version, kind, name, action = route.groups()
        faults.check_key(key, name or "" if kind == "models" else "")
        match request.method, kind, action:
            case "GET", "files", None if name:
                return Reply.of_json(self.files.get(f"files/{name}", key).shown()), ""
            case "GET", "models", None:
                scripted = self.replies.step_for(key, "models")
                return scripted or self._models(version, name, request.query), ""
            case _, "models", str():
                if action == "streamGenerateContent" and request.query.get("alt") != "sse":
                    raise Refusal(400, "emulator: a stream needs alt=sse; see docs/emulator.md.")
                model = self._model(name, version, action)
                if request.method != "POST" or model.kind == "embedding" or action not in METHODS:
                    raise _not_found(name, version, action)
                return self._answer(model, action, key, raw)
        raise Refusal(404)

    def _model(self, model_id: str, version: str, action: str) -> Model:
        model = self.models.get(model_id)
        if model is None:
            raise _not_found(model_id, version, action)
        return model

    def _answer(self, model: Model, action: str, key: str, raw: bytes) -> tuple[Reply, str]:
        """Answer a POST to a model."""
        body, scripted = parse_body(raw), None
        if action == "countTokens":
            inner = body.get("generateContentRequest")
            call = Call(model, action, key, inner or body, wrapped=bool(inner))
            scripted = self.replies.step_for(key, action)
        else:
            call = Call(model, action, key, body, digest=hashlib.sha256(raw).hexdigest())
        call.find_upload = partial(self._attachment, call)
        if scripted:
            return scripted, ""
        rules.check_call(call)
        if action == "countTokens":
            total = {"totalTokens": call.prompt_tokens, "promptTokensDetails": details(call.prompt)}
            return Reply.of_json(total), ""
        faults.check_answering(key, model)
        return self.replies.reply_to(call), call.agent

    def _attachment(self, call: Call, uri: str) -> Attachment | None:
        """The upload at that address; ``/emulate file=gone`` lets all of the key's lapse, once."""
        message = f"{call.key} {call.message}"
        if call.directives.get("file") == "gone" and message not in self._lost:
            self._lost.add(message)
            self.files.expire(call.key)
        return self.files.attachment(uri, call.key)

    def _models(self, version: str, model_id: str | None, query: dict[str, str]) -> Reply:
        """One model, or a page of the list."""
        if model_id is not None:
            return Reply.of_json(self._model(model_id, version, "GetModel").listed())
        fields = camelised(query)
        try:
            size = min(max(int(fields.get("pageSize") or 50), 1), 1000)
            start = max(0, int(fields.get("pageToken") or 0))
        except ValueError as error:
            raise Refusal(400, "Invalid page_token or page_size.") from error
        entries = [model.listed() for model in self.models.values()]
        more = {"nextPageToken": str(start + size)} if start + size < len(entries) else {}
        return Reply.of_json({"models": entries[start : start + size]} | more)


def _not_found(model_id: str, version: str, method: str) -> Refusal:
    return Refusal(
        404,
        f"models/{model_id} is not found for API version {version}, or is not supported for "
        f"{method}. Call ListModels to see the list of available models and their supported "
        "methods.",
    )
