"""Lists of models in a shape that the SDK takes: it refuses a whole list for one odd field."""

from __future__ import annotations

import json
from typing import Any

import httpx2

from gemini.lenient import as_dict, as_dicts, as_list

READ = {
    "name": str,
    "displayName": str,
    "description": str,
    "inputTokenLimit": int,
    "outputTokenLimit": int,
    "thinking": bool,
}
METHODS = "supportedGenerationMethods"


class ListTransport(httpx2.HTTPTransport):
    """Gives of a list of models what is read of it, without fields of another type."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if response.status_code != 200 or not request.url.path.endswith("/models"):
            return response
        try:
            body = json.loads(response.read())
        except (ValueError, RecursionError):
            raise httpx2.DecodingError("This is no list of models.", request=request) from None
        finally:
            response.close()
        return httpx2.Response(200, json=_readable(body))


def _readable(body: Any) -> dict[str, Any]:
    given = as_dict(body[0] if isinstance(body, list) and body else body)
    models = [_model(entry) for entry in as_dicts(given.get("models"))]
    token = given.get("nextPageToken")
    return {"models": models} | ({"nextPageToken": token} if isinstance(token, str) else {})


def _model(entry: dict[str, Any]) -> dict[str, Any]:
    known = {name: entry[name] for name, kind in READ.items() if _is(entry.get(name), kind)}
    methods = [method for method in as_list(entry.get(METHODS)) if isinstance(method, str)]
    return {**known, METHODS: methods}


def _is(value: object, kind: type) -> bool:
    """Whether it is of the type; a number may be written as a text, as protobuf does."""
    in_text = kind is int and isinstance(value, str) and value.isascii() and value.isdigit()
    return in_text or type(value) is kind
