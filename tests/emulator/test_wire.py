"""The bytes on the wire, compared with what the recordings show of Google's."""

from __future__ import annotations

import base64
import json
from typing import Protocol

import httpx2
import pytest

from emulator.testing import Emulator

MODEL = "gemini-3.8-flash"


class Ask(Protocol):
    def __call__(
        self, text: str = "Hello", *, action: str = "", key: str = "", **body: object
    ) -> httpx2.Response: ...


@pytest.fixture
def ask(emulator: Emulator, http: httpx2.Client) -> Ask:
    """Asks for an answer as raw HTTP."""

    def post(
        text: str = "Hello", *, action: str = "", key: str = "", **body: object
    ) -> httpx2.Response:
        action = action or f"{MODEL}:streamGenerateContent?alt=sse"
        url = f"{emulator.base_url}/v1beta/models/{action}"
        body = {"contents": [{"role": "user", "parts": [{"text": text}]}]} | body
        headers = {"X-Goog-Api-Key": key or emulator.new_key()}
        return http.post(url, headers=headers, content=json.dumps(body))

    return post


def frames_of(response: httpx2.Response) -> list[dict]:
    assert response.text.endswith("\r\n\r\n")
    lines = response.text.removesuffix("\r\n\r\n").split("\r\n\r\n")
    assert all(line.startswith("data: {") and "\n" not in line for line in lines)
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def parts_of(frame: dict) -> list[dict]:
    return frame["candidates"][0].get("content", {}).get("parts", [])


def test_a_stream_is_data_frames_and_nothing_else(ask: Ask):
    response = ask()
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream"
    frames = frames_of(response)
    assert len(frames) > 3
    assert {frame["responseId"] for frame in frames} == {frames[0]["responseId"]}
    assert {frame["modelVersion"] for frame in frames} == {MODEL}


def test_frames_are_spaced_as_google_spaces_them(ask: Ask):
    assert ask().text.startswith('data: {"candidates": [{"content": {"parts": [{"text": "')


def test_only_the_last_frame_has_a_finish_reason(ask: Ask):
    reasons = [frame["candidates"][0].get("finishReason") for frame in frames_of(ask())]
    assert reasons == [None] * (len(reasons) - 1) + ["STOP"]


def test_gemini_3_ends_with_an_empty_text_that_carries_a_signature(ask: Ask):
    [last] = parts_of(frames_of(ask())[-1])
    assert last["text"] == ""
    assert base64.b64decode(last["thoughtSignature"])


def test_gemini_2_ends_with_the_last_piece_of_text(ask: Ask):
    response = ask(action="gemini-2.5-flash:streamGenerateContent?alt=sse")
    [last] = parts_of(frames_of(response)[-1])
    assert last["text"]
    assert "thoughtSignature" not in last


def test_usage_is_a_running_total(ask: Ask):
    usages = [frame["usageMetadata"] for frame in frames_of(ask())]
    made = [usage["candidatesTokenCount"] for usage in usages]
    assert made == sorted(made)
    assert made[-1] > made[0]
    for usage in usages:
        parts = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
        assert usage["totalTokenCount"] == sum(usage[name] for name in parts)


def test_a_stream_has_to_be_asked_for_as_one(ask: Ask):
    response = ask(action=f"{MODEL}:streamGenerateContent")
    assert response.status_code == 400
    assert "alt=sse" in response.json()["error"]["message"]


def test_a_unary_answer_says_the_same_as_the_stream(ask: Ask):
    streamed = "".join(
        part["text"] for frame in frames_of(ask("Tell me")) for part in parts_of(frame)
    )
    whole = ask("Tell me", action=f"{MODEL}:generateContent").json()
    [part] = parts_of(whole)
    assert part["text"] == streamed
    assert part["thoughtSignature"]
    assert whole["candidates"][0]["finishReason"] == "STOP"


def test_both_spellings_and_both_base64_alphabets_are_read(ask: Ask):
    data = bytes(range(256))
    parts = [
        {"inline_data": {"mime_type": "image/png", "data": base64.b64encode(data).decode()}},
        {"inlineData": {"mimeType": "image/webp", "data": base64.urlsafe_b64encode(data).decode()}},
    ]
    answer = ask(
        action=f"{MODEL}:generateContent",
        contents=[{"parts": parts}],
        generation_config={"thinkingConfig": {"include_thoughts": True}},
    ).json()
    thought, text = parts_of(answer)
    assert thought["thought"] is True
    assert text["text"].count("256 bytes") == 2


def test_the_key_may_come_in_the_query_and_is_noted(emulator: Emulator, http: httpx2.Client):
    key = emulator.new_key()
    url = f"{emulator.base_url}/v1/models?key={key}"
    assert http.get(url).status_code == 200
    [request] = emulator.requests(key=key)
    assert key not in json.dumps(request)


def test_recorded_requests_hold_no_key(emulator: Emulator, ask: Ask):
    key = emulator.new_key()
    ask(key=key)
    [request] = emulator.requests(key=key, count=1, ended=True)
    assert key not in json.dumps(request)
    assert request["headers"]["x-goog-api-key"] == request["key"]
    assert request["key"].endswith(key[-4:])
    assert request["ended"] == "completed"


@pytest.mark.parametrize("path", ["/v2/models", "/v1beta/tunedModels", "/", "/emulator/nothing"])
def test_an_unknown_address_is_a_404_in_googles_shape(
    emulator: Emulator, http: httpx2.Client, path: str
):
    response = http.get(emulator.base_url + path)
    assert response.status_code == 404
    assert response.json()["error"]["code"] == 404


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_a_page_in_a_browser_cannot_reach_the_controls(
    emulator: Emulator, http: httpx2.Client, header: dict[str, str]
):
    response = http.get(f"{emulator.base_url}/emulator/requests", headers=header)
    assert response.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {"contents": "Hello"},
        {"contents": ["Hello"]},
        {"contents": [{"parts": "Hello"}]},
        {"contents": [{"parts": ["Hello"]}]},
        {"systemInstruction": "Be kind"},
        {"tools": {"googleSearch": {}}},
        {"generationConfig": []},
        {"generationConfig": {"thinkingConfig": 1}},
        {"nonsense": 1},
        {"contents": [{"parts": [{"text": "\ud83d"}]}]},
    ],
)
def test_a_body_of_another_shape_is_a_400(ask: Ask, body: dict):
    response = ask(**body)
    assert response.status_code == 400
    assert response.json()["error"]["status"] == "INVALID_ARGUMENT"


def test_errors_of_a_stream_are_sent_as_one(ask: Ask):
    response = ask("/emulate error=503")
    assert response.status_code == 503
    assert response.headers["content-type"] == "text/event-stream"
    assert response.text.startswith('{\n  "error": {\n    "code": 503,')


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
def test_models_cannot_be_changed(emulator: Emulator, http: httpx2.Client, method: str):
    url = f"{emulator.base_url}/v1beta/models/{MODEL}"
    response = http.request(method, url, headers={"x-goog-api-key": emulator.new_key()})
    assert response.status_code == 404
    assert response.json()["error"]["status"] == "NOT_FOUND"
