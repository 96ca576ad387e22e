"""Google's errors become ours, and none of their words come along."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from gemini.error_mapping import _until_midnight, error_from_frame, error_from_response
from gemini.errors import MESSAGES
from tests.gemini.recordings import name_of, recorded

KEY = "AIzaThisKeyIsSecret000000000000000000000"
CODES = {
    "error-400--gaunt-sloth--spec-for-ext-162-google-context-overflow--overflow": "too_long",
    "error-400--mirascope--test-authentication-error-stream-google-gemini-2-5-flash": "invalid_key",
    "error-400--vertexai-sdk-test-data--streaming-failure-image-rejected": "bad_request",
    "error-403--log--incident-note": "key_blocked",
    "error-403--rig--explicit-cache-expired--2": "bad_request",
    "error-403--vertexai-sdk-test-data--unary-failure-generativelanguage-api-not-enabled": (
        "api_disabled"
    ),
    "error-404--js-genai--chats-tests-sendmessage-send-message-stream-with-error": "model_gone",
    "error-404--log--a-batch-analysis-log": "model_gone",
    "error-404--rig--nonexistent-model-streaming-error-preserves-status-and-body": "model_gone",
    "error-429--log--a-provider-error-log": "quota",
    "error-429--ruby-llm--gemini-gemini-2-5-flash-handles-context-length-exceeded-errors": "quota",
    "error-500--log--readme-error-logging": "upstream_error",
    "error-503--browser--pull-request-2915-comment-2026-07-13": "overloaded",
}
METHODS = ("generateContent", "streamGenerateContent", "cachedContents.get")
ERRORS = [one for one in recorded(*METHODS) if one["status"] >= 400]


def body(message: str = "", status: str = "", details: object = None) -> dict[str, object]:
    return {"error": {"code": 400, "message": message, "status": status, "details": details}}


def test_a_file_that_google_does_not_know_is_no_fault_of_the_key():
    theirs = "You do not have permission to access the File 7cdgl3r8 or it may not exist."
    assert error_from_response(403, body(theirs, "PERMISSION_DENIED")).code == "file_gone"
    assert (
        error_from_response(403, body("The caller does not have permission")).code == "key_blocked"
    )


@pytest.mark.skipif(not ERRORS, reason="no recordings here")
def test_every_recorded_error_is_expected():
    assert {name_of(one) for one in ERRORS} == set(CODES)


@pytest.mark.parametrize("recording", ERRORS, ids=name_of)
def test_recorded_errors_are_told_apart_and_keep_their_words_to_themselves(recording):
    theirs = json.loads(recording["body"])
    error = error_from_response(recording["status"], theirs)
    assert error.code == CODES[recording["id"]]
    inner = theirs[0]["error"] if isinstance(theirs, list) else theirs["error"]
    assert inner["message"] not in f"{error!r} {error} {error.message}"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (401, "invalid_key"),
        (403, "key_blocked"),
        (404, "model_gone"),
        (402, "billing"),
        (405, "bad_request"),
        (408, "timeout"),
        (413, "too_large"),
        (418, "bad_request"),
        (429, "quota"),
        (499, "upstream_error"),
        (500, "upstream_error"),
        (501, "upstream_error"),
        (502, "overloaded"),
        (503, "overloaded"),
        (504, "timeout"),
        (302, "upstream_error"),
        (204, "upstream_error"),
    ],
)
def test_a_status_alone_says_enough(status, code):
    for nothing in (None, {}, [], "<html>", {"error": None}, {"error": "bad"}):
        error = error_from_response(status, nothing)
        assert error.code == code
        assert status == 499 or error.message == MESSAGES[code]


@pytest.mark.parametrize(
    ("theirs", "code"),
    [
        (body("API key not valid. Please pass a valid API key."), "invalid_key"),
        (body("API key expired. Please renew the API key."), "invalid_key"),
        (body(details=[{"reason": "API_KEY_INVALID"}]), "invalid_key"),
        (body("The input token count exceeds the maximum"), "too_long"),
        (body("User location is not supported.", "FAILED_PRECONDITION"), "region"),
        (body("Please use a valid role: user, model."), "bad_request"),
    ],
)
def test_the_many_kinds_of_400_are_told_apart(theirs, code):
    assert error_from_response(400, theirs).code == code
    assert error_from_response(400, [theirs]).code == code


def quota(*details: object) -> dict[str, object]:
    return body("Quota exceeded.", "RESOURCE_EXHAUSTED", list(details))


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [
        ("7s", 7.0),
        ("7.25s", 7.25),
        ("0s", 0.0),
        (12, 12.0),
        ("soon", None),
        ("nan", None),
        ("infs", None),
        ("-5s", None),
        ("1e999s", None),
        (None, None),
        ({}, None),
    ],
)
def test_the_wait_is_told_if_it_is_one(delay, seconds):
    assert error_from_response(429, quota({"retryDelay": delay})).retry_after_s == seconds


def test_a_quota_of_the_day_comes_back_at_the_end_of_googles_day():
    violations = [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]
    error = error_from_response(429, quota({"violations": violations}, {"retryDelay": "31s"}))
    assert error.code == "quota"
    assert error.retry_after_s != 31.0
    assert 0 < error.retry_after_s <= 25 * 3600
    assert "today" in error.message


@pytest.mark.parametrize(
    ("now", "hours"),
    [("2026-07-01T07:00:00", 24), ("2026-07-02T06:30:00", 0.5), ("2026-01-01T20:00:00", 12)],
)
def test_googles_day_is_that_of_the_pacific_coast(now, hours):
    assert _until_midnight(datetime.fromisoformat(f"{now}+00:00")) == hours * 3600


@pytest.mark.parametrize("details", [5, "x", {}, {"a": 1}, [1, None, "x"], [{"violations": 5}]])
@pytest.mark.parametrize("status", [400, 403, 429])
def test_details_of_no_known_shape_are_borne(status, details):
    assert error_from_response(status, body(details=details)).retry_after_s is None


def test_an_error_inside_a_stream_is_that_of_its_code():
    assert error_from_frame({"error": {"code": 503}}).code == "overloaded"
    assert error_from_frame({"error": {"code": "503"}}).code == "overloaded"
    assert error_from_frame({"error": {"status": "UNAVAILABLE"}}).code == "overloaded"
    assert error_from_frame({"error": {"status": "CANCELLED"}}).code == "upstream_error"
    assert error_from_frame({"error": {"code": 400, "message": "API key expired"}}).code == (
        "invalid_key"
    )


@pytest.mark.parametrize(
    "error", [{}, {"code": "abc"}, {"code": True}, {"code": 7}, {"code": None}, "gone", None, []]
)
def test_an_error_inside_a_stream_without_a_code_is_a_fault_of_gemini(error):
    assert error_from_frame({"error": error}).code == "upstream_error"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_a_key_in_googles_text_goes_nowhere(status):
    theirs: Any = body(f"Permission denied: Consumer 'api_key:{KEY}' has been suspended.")
    theirs["error"]["details"] = [{"reason": KEY, "retryDelay": KEY, "quotaId": KEY}]
    error = error_from_response(status, theirs)
    assert KEY not in f"{error!r} {error} {error.message} {vars(error)}"
