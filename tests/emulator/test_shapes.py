"""The emulator's own answers have the shape of Google's: the same keys, parts, order and end.

A shape is the set of all paths of keys in a list of frames, such as
``candidates.groundingMetadata.groundingSupports.segment.endIndex``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from emulator.testing import Emulator
from tests.emulator.conftest import RECORDINGS

Frames = list[dict[str, Any]]

GROUNDING = "grounding-search--mirascope--test-web-search-tool-stream-google-gemini-2-5-flash"
PAGES = "url-context--pydantic-ai--test-google-model-web-fetch-tool-stream"
PAGES_UNARY = "url-context--pydantic-ai--test-google-model-web-fetch-tool"
CODE = "code-execution--openinference--test-validate-token-counts-stream"
CODE_3 = "code-execution--ruby-llm--gemini-3-5-flash-runs-code-server-side-and-replays-the-turn"
TOOLS_3 = (
    "grounding-file-search--pydantic-ai--test-google-model-file-search-grounding-gemini-3-false--3"
)
PICTURE = "image-output--js-genai--ml-dev-should-stream-generate-content-with-image-output"
SOUND = "audio-output--lingua--responsemodalitiesaudioparam-response-streaming"
UPLOADED = "files--ruby-llm--uploads-gemini-gemini-2-5-flash-reuses-an-uploaded-file-in-chat--1"
FILE_USED = (
    "file-uri-input--ruby-llm--uploads-gemini-gemini-2-5-flash-reuses-an-uploaded-file-in-chat--2"
)
COUNTED = "count-tokens--ruby-llm--gemini-gemini-3-5-flash-counts-the-next-request-as-configured"
MODELS = "models-list--rig--list-models-smoke"

# The service tier is newer than some recordings; of the segments ours alone lie further in.
NEWER = {"usageMetadata.serviceTier"}
FURTHER_IN = {"candidates.groundingMetadata.groundingSupports.segment.startIndex"}

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no folder of recordings")


def recording(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RECORDINGS / f"{name}.json").read_bytes())
    return found


def recorded(name: str) -> Frames:
    found = recording(name)
    if found.get("sse") is not None:
        return [json.loads(payload) for payload in found["sse"]]
    return [json.loads(found["body"])]


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from paths(item, prefix)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield f"{prefix}{name}"
            yield from paths(item, f"{prefix}{name}.")


def shape(frames: Frames) -> set[str]:
    return set(paths(frames))


def kinds(frames: Frames) -> list[str]:
    """What the parts hold, in order; neighbours of one kind once, an empty text not at all."""
    found: list[str] = []
    for frame in frames:
        for part in frame["candidates"][0].get("content", {}).get("parts", []):
            kind = next(name for name in part if name not in ("thoughtSignature", "thought"))
            if part.get("text") != "" and found[-1:] != [kind]:
                found.append(kind)
    return found


class Asker:
    def __init__(self, emulator: Emulator, http: httpx2.Client) -> None:
        self._base_url, self._http = emulator.base_url, http
        self.headers = {"x-goog-api-key": emulator.new_key()}

    def get(self, path: str) -> dict[str, Any]:
        answer = self._http.get(f"{self._base_url}/v1beta/{path}", headers=self.headers)
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> Frames:
        url = f"{self._base_url}/{path}"
        answer = self._http.post(url, headers=self.headers, json=body)
        assert answer.status_code == 200, answer.text
        if "alt=sse" not in path:
            return [answer.json()]
        lines = answer.text.removesuffix("\r\n\r\n").split("\r\n\r\n")
        return [json.loads(line.removeprefix("data: ")) for line in lines]

    def again(self, name: str, *, model: str = "", said: str = "", **more: Any) -> Frames:
        """Ask what was asked when this was recorded, of another model or in other words."""
        found = recording(name)
        body = json.loads(json.dumps(found["request"])) | more
        if said:
            body["contents"] = [{"role": "user", "parts": [{"text": said}]}]
        action = found["method"] + ("?alt=sse" if found.get("sse") is not None else "")
        return self.post(f"v1beta/models/{model or found['model']}:{action}", body)


@pytest.fixture
def asker(emulator: Emulator, http: httpx2.Client) -> Asker:
    return Asker(emulator, http)


def test_a_search_has_the_shape_of_googles(asker: Asker):
    ours, theirs = asker.again(GROUNDING), recorded(GROUNDING)
    assert shape(ours) ^ shape(theirs) == NEWER | FURTHER_IN
    grounding = theirs[-1]["candidates"][0]["groundingMetadata"]
    assert list(ours[-1]["candidates"][0]["groundingMetadata"]) == list(grounding)
    assert ours[-1]["candidates"][0]["finishReason"] == "STOP"
    assert "groundingMetadata" not in ours[0]["candidates"][0]


@pytest.mark.parametrize("name", [PAGES, PAGES_UNARY])
def test_reading_a_page_has_the_shape_of_googles(asker: Asker, name: str):
    ours, theirs = asker.again(name), recorded(name)
    assert shape(ours) ^ shape(theirs) == NEWER
    first, last = ours[0]["candidates"][0], ours[-1]["candidates"][0]
    assert "urlContextMetadata" in first
    assert last["groundingMetadata"]["groundingSupports"]
    if len(ours) > 1:
        assert first["groundingMetadata"] == theirs[0]["candidates"][0]["groundingMetadata"] == {}
        assert "urlContextMetadata" not in last


def test_code_has_the_shape_of_googles(asker: Asker):
    ours, theirs = asker.again(CODE), recorded(CODE)
    assert shape(ours) ^ shape(theirs) == set()
    order = ["text", "executableCode", "codeExecutionResult", "text"]
    assert kinds(ours) == kinds(theirs) == order


def test_code_of_gemini_3_is_signed_and_has_ids(asker: Asker):
    ours, theirs = asker.again(CODE_3), recorded(CODE_3)
    assert shape(ours) ^ shape(theirs) == set()
    assert kinds(ours) == kinds(theirs) == ["executableCode", "codeExecutionResult", "text"]
    for [frame] in (ours, theirs):
        parts = frame["candidates"][0]["content"]["parts"]
        assert parts[0]["executableCode"]["id"] == parts[1]["codeExecutionResult"]["id"]
        assert ["thoughtSignature" in part for part in parts] == [True, False, True]


def test_tools_that_are_shown_have_the_shape_of_googles(asker: Asker):
    search = [{"googleSearch": {}}]
    ours = asker.again(TOOLS_3, said="The latest news of Paris", tools=search)
    theirs = recorded(TOOLS_3)
    assert kinds(ours) == kinds(theirs) == ["toolCall", "toolResponse", "text"]
    mine, google = (frame["candidates"][0]["content"]["parts"] for [frame] in (ours, theirs))
    assert [set(part) for part in mine] == [set(part) for part in google]
    about = {"toolCall.args", "toolCall.args.queries"}  # a search says what for
    assert shape(mine) ^ shape(google) == about


def test_a_picture_has_the_shape_of_googles(asker: Asker):
    ours = asker.again(PICTURE, model="gemini-2.5-flash-image")
    theirs = recorded(PICTURE)
    assert shape(ours) ^ shape(theirs) == NEWER | {"turnToken"}
    assert kinds(ours) == kinds(theirs) == ["text", "inlineData"]
    last = {"content": {"role": "model"}, "finishReason": "STOP", "index": 0}
    assert ours[-1]["candidates"] == theirs[-1]["candidates"] == [last]
    for frames in (ours, theirs):
        [detail] = frames[-1]["usageMetadata"]["candidatesTokensDetails"]
        assert detail == {"modality": "IMAGE", "tokenCount": 1290}


def test_sound_has_the_shape_of_googles(asker: Asker):
    model = "gemini-2.5-flash-preview-tts"
    ours, theirs = asker.again(SOUND, model=model), recorded(SOUND)
    assert shape(ours) ^ shape(theirs) == NEWER
    assert len(ours) == len(theirs) == 1
    assert ours[0]["candidates"][0]["finishReason"] == "STOP"
    [detail] = ours[0]["usageMetadata"]["candidatesTokensDetails"]
    assert detail["modality"] == "AUDIO"


def uploaded(emulator: Emulator, http: httpx2.Client, asker: Asker) -> dict[str, Any]:
    headers = asker.headers | {
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-type": "application/pdf",
    }
    url = f"{emulator.base_url}/upload/v1beta/files"
    about = {"file": {"display_name": "sample.pdf"}}
    started = http.post(url, headers=headers, json=about)
    assert started.headers["content-type"] == recording(UPLOADED[:-3])["headers"]["content-type"]
    finish = {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}
    found = http.post(
        started.headers["x-goog-upload-url"], headers=finish, content=b"<</Type /Page>>"
    )
    assert found.headers["content-type"] == recording(UPLOADED)["headers"]["content-type"]
    return found.json()


def test_files_have_the_shape_of_googles(emulator: Emulator, http: httpx2.Client, asker: Asker):
    ours, [theirs] = uploaded(emulator, http, asker), recorded(UPLOADED)
    assert list(ours["file"]) == list(theirs["file"])
    assert {type(value) for value in ours["file"].values()} == {str}
    assert shape([asker.get(ours["file"]["name"])]) == set(theirs["file"])
    data = {"file_data": {"mime_type": "application/pdf", "file_uri": ours["file"]["uri"]}}
    said = [{"text": "Summarize this document in one sentence."}, data]
    answer = asker.again(FILE_USED, contents=[{"role": "user", "parts": said}])
    assert shape(answer) ^ shape(recorded(FILE_USED)) == set()
    for [frame] in (answer, recorded(FILE_USED)):
        details = frame["usageMetadata"]["promptTokensDetails"]
        assert details[1] == {"modality": "DOCUMENT", "tokenCount": 258}


def test_a_count_has_the_shape_of_googles(asker: Asker):
    assert asker.again(COUNTED) == recorded(COUNTED)


def test_models_have_the_shape_and_limits_of_googles(asker: Asker):
    ours = {model["name"]: model for model in asker.get("models?pageSize=1000")["models"]}
    theirs = {model["name"]: model for model in recorded(MODELS)[0]["models"]}
    newer = ("models/gemini-3.7", "models/gemini-3.8", "models/gemini-4", "models/gemini-nano")
    assert all(name in theirs or name.startswith(newer) for name in ours)
    for name, model in ours.items():
        if name in theirs:
            assert set(model) <= set(theirs[name]) | {"description"}, name
            same = set(model) - {"description", "version", "supportedGenerationMethods"}
            assert {k: model[k] for k in same} == {k: theirs[name][k] for k in same}, name
            methods = set(model["supportedGenerationMethods"])
            assert methods <= set(theirs[name]["supportedGenerationMethods"]), name
