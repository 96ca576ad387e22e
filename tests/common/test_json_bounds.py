"""The REST side takes JSON within bounds, and answers every failure in one shape."""

from __future__ import annotations

import json
import time

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from agents.protocol.frames import json_from
from common.errors import AppError
from common.text import parse_json

DEEP = 200_000


def post(body: bytes, content_type: str = "application/json"):
    return APIClient().generic("POST", "/api/token/", body, content_type=content_type)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * DEEP, id="200,000 brackets"),
        pytest.param(b'{"a":' * DEEP, id="200,000 objects"),
        pytest.param(b"[" * 33 + b"]" * 33, id="33 levels"),
        pytest.param(b'{"username": NaN}', id="NaN"),
        pytest.param(b'{"username": -Infinity}', id="Infinity"),
        pytest.param(b'{"username": 1e999}', id="a number beyond floats"),
        pytest.param(b'{"username": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(rb'{"username": "\ud800"}', id="half a surrogate pair"),
        pytest.param(rb'{"\udc00": "x"}', id="half a pair as a name"),
        pytest.param(rb'{"username": ["\u0000"]}', id="escaped NUL"),
        pytest.param(b'{"username": "\x00"}', id="NUL"),
        pytest.param(b'{"username": "\xff"}', id="not UTF-8"),
        pytest.param(b"not json", id="no JSON"),
        pytest.param(b'{"username": "open', id="cut off"),
        pytest.param(b"\xef\xbb\xbf{}", id="byte order mark"),
    ],
)
def test_what_cannot_be_stored_is_bad_json(body, caplog):
    response = post(body)
    assert response.status_code == 400
    assert response.json().keys() == {"code", "message"}
    assert response.json()["code"] == "bad_json"
    assert "Traceback" not in caplog.text


def test_32_levels_are_read():
    assert parse_json(b"[" * 32 + b"]" * 32, max_bytes=100)


def test_brackets_in_strings_are_no_levels():
    text = json.dumps("[{" * 100 + '"\\')
    assert parse_json(text.encode(), max_bytes=1000) == "[{" * 100 + '"\\'


def test_surrogate_pairs_and_rare_letters_are_read():
    assert parse_json(rb'"\ud83d\ude00 \u2028"', max_bytes=100) == "😀 \u2028"


def test_a_frame_of_a_socket_has_the_same_bounds():
    with pytest.raises(AppError, match="invalid_frame") as refused:
        json_from('{"a": ' * 33 + "0" + "}" * 33)
    assert "more than 32 levels" in refused.value.message
    wide = [[], {"a": [0]}] * 100
    assert json_from(json.dumps(wide)) == wide
    assert json_from('["half a pair: \\ud800"]') == ["half a pair: \ud800"]  # replaced when stored


def test_a_large_body_is_refused_before_it_is_parsed():
    with override_settings(REQUEST_MAX_BYTES=1000):
        response = post(b'{"username": "' + b"a" * 1000 + b'"}')
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


@pytest.mark.parametrize("letters", [b'"\\', b'\\"', b'"', b"\\", b'"\\"', b'[{"'])
def test_the_time_to_read_hostile_text_grows_with_its_length_only(letters):
    raw = (letters * 1_000_000)[:1_000_000]
    begin = time.process_time()
    with pytest.raises(AppError):
        parse_json(raw + b"\\", max_bytes=2_000_000)
    assert time.process_time() - begin < 2  # quadratic work would take hours


def test_other_content_types_are_refused():
    response = post(b"username=a", "application/x-www-form-urlencoded")
    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


def test_a_wrong_method_is_refused_in_the_same_shape():
    response = APIClient().get("/api/token/")
    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"


def test_missing_fields_are_named():
    response = post(b"{}")
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert response.json()["fields"].keys() == {"username", "password"}


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_json_that_is_no_object_is_refused(body):
    response = post(body)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
