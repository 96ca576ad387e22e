"""What Google's refusals mean, body by body: the code, the words, and what is said of the key."""

from __future__ import annotations

import pytest

from gemini.error_mapping import error_from_response
from gemini.errors import ERRORS, GeminiError

QUOTA = "You exceeded your current quota, please check your plan and billing details."
LIMIT = "* Quota exceeded for metric: generativelanguage.googleapis.com/{}, limit: {}, model: m"
FREE = "generate_content_free_tier_requests"
TOOLS = "Please enable tool_config.include_server_side_tool_invocations to use Built-in tools."


def answered(status: int, message: str = "", reason: str = "", **detail: object) -> GeminiError:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}]
    error = {"code": status, "message": message, "details": [*details, detail]}
    return error_from_response(status, {"error": error})


@pytest.mark.parametrize(
    ("status", "message", "code", "words"),
    [
        # the key
        (400, "API key not valid. Please pass a valid API key.", "invalid_key", "Check it"),
        (400, "API key expired. Please renew the API key.", "invalid_key", "expired"),
        (403, "Method doesn't allow unregistered callers.", "invalid_key", "Check it"),
        (401, "Standard API keys are rejected. Use an auth key.", "key_type", "AQ."),
        (401, "API keys are not supported by this API. Expected OAuth2", "key_type", "AQ."),
        (403, "Your API key was reported as leaked. Use another.", "key_blocked", "published"),
        (403, "Consumer 'api_key:x' has been suspended.", "key_blocked", "has stopped"),
        (403, "Your project has been denied access.", "key_blocked", "has stopped"),
        (403, "Requests from referer <empty> are blocked.", "key_restricted", "websites"),
        (403, "The provided API key has an IP address restriction.", "key_restricted", "address"),
        (403, "Requests from this Android client application x.", "key_restricted", "app"),
        (403, "Requests to this API x method y are blocked.", "key_restricted", "may not ask"),
        (403, "Generative Language API has not been used in project 1.", "api_disabled", "Enable"),
        (400, "User location is not supported for the API use.", "region", "server stands"),
        (
            400,
            "The free tier is not available in your country. Enable billing.",
            "region",
            "billing",
        ),
        # money
        (429, "Your prepayment credits are depleted.", "billing", "add credit"),
        (402, "Anything", "billing", "add credit"),
        (429, "Your project has exceeded its monthly spending cap.", "billing", "raise the cap"),
        (
            400,
            "Imagen is only accessible to billed users at this time.",
            "billing_required",
            "bill",
        ),
        (429, "You have reached the monthly usage cap of your tier.", "billing", "raise the cap"),
        (429, "The project's monthly budget is exceeded.", "billing", "raise the cap"),
        (429, f"{QUOTA} {LIMIT.format(FREE, 0)}", "billing_required", "another model"),
        # quotas
        (429, f"{QUOTA} {LIMIT.format(FREE, 20)}", "quota", "Wait"),
        (429, f"{QUOTA} {LIMIT.format(FREE, 0.5)}", "quota", "Wait"),
        (429, "Resource has been exhausted (e.g. check quota).", "quota", "Wait"),
        (429, "You exceeded a spend-based rate limit.", "quota", "Wait"),
        # files
        (400, "The File ab12cd34 is not in an ACTIVE state.", "file_not_ready", "Wait a minute"),
        (400, "The document has no pages.", "file_refused", "no pages"),
        (400, "The PDF is encrypted.", "file_refused", "password"),
        (400, "Unable to process input image. Please retry.", "file_refused", "damaged"),
        (400, "Provided image is not valid.", "file_refused", "damaged"),
        (400, "Unsupported MIME type: audio/webm", "file_refused", "another form"),
        (400, "Audio input modality is not enabled for models/m", "file_refused", "another model"),
        (400, "The document has 1201 pages, which exceeds the limit.", "file_refused", "smaller"),
        (400, "Request payload size exceeds the limit: 1 bytes.", "too_large", "smaller"),
        (413, "", "too_large", "smaller"),
        (
            403,
            "You do not have permission to access the File a or it may not exist.",
            "file_gone",
            "",
        ),
        # models
        (403, "You do not have permission to access the model m.", "model_forbidden", "model"),
        (404, "models/m is not found for API version v1beta", "model_gone", "another model"),
        (404, "This model is no longer available to new users.", "model_gone", "older keys"),
        # form
        (400, "Corrupted thought signature.", "history_refused", "conversation"),
        (400, "Function call is missing a thought_signature.", "history_refused", ""),
        (400, "Please ensure that function call turn comes after", "history_refused", ""),
        (400, TOOLS, "tools_refused", "tools"),
        (400, "Search and Function Calling cannot be combined here.", "tools_refused", "tools"),
        (400, "Multiple tools are supported only when they are all search.", "tools_refused", ""),
        (400, "The input token count (2) exceeds the maximum number of tokens", "too_long", ""),
        (400, "Request contains an invalid argument.", "bad_request", ""),
        (400, "Please use a valid role: user, model.", "bad_request", ""),
        # theirs
        (499, "The operation was cancelled.", "upstream_error", "Google broke"),
        (503, "This model is currently experiencing high demand.", "overloaded", ""),
        (529, "Overloaded.", "overloaded", ""),
    ],
)
def test_words_decide_where_nothing_surer_does(status, message, code, words):
    error = answered(status, message)
    assert (error.code, words in error.message) == (code, True), error.message
    assert message == "" or message not in error.message


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        (400, "API_KEY_INVALID", "invalid_key"),
        (401, "ACCESS_TOKEN_TYPE_UNSUPPORTED", "key_type"),
        (403, "API_KEY_HTTP_REFERRER_BLOCKED", "key_restricted"),
        (403, "API_KEY_IP_ADDRESS_BLOCKED", "key_restricted"),
        (403, "API_KEY_IOS_APP_BLOCKED", "key_restricted"),
        (403, "API_KEY_SERVICE_BLOCKED", "key_restricted"),
        (403, "SERVICE_DISABLED", "api_disabled"),
        (403, "CONSUMER_SUSPENDED", "key_blocked"),
        (403, "BILLING_DISABLED", "billing"),
        (403, "SOMETHING_NEW", "key_blocked"),
    ],
)
def test_a_reason_decides_without_words(status, reason, code):
    assert answered(status, "", reason).code == code


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please retry in 18.5s.", 18.5),
        ("Please retry in 1h2m3.5s.", 3723.5),
        ("Please retry in 250ms.", 0.25),
        ("Please retry later.", None),
    ],
)
def test_a_wait_that_only_the_words_tell_is_read(message, seconds):
    assert answered(429, message).retry_after_s == seconds


def test_no_quota_for_a_model_counts_down_to_nothing_and_blames_no_key():
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    text = f"{QUOTA} {LIMIT.format(FREE, 0)} Please retry in 18.5s."
    error = answered(429, text, violations=[violation], retryDelay="18s")
    assert (error.code, error.retry_after_s, error.retryable) == ("billing_required", None, False)
    assert (error.spec.key_status, error.spec.lighter_helps) == ("", True)


def test_no_quota_for_a_tool_is_about_the_tool():
    violation = {"quotaMetric": "googleapis.com/search_grounding_requests", "quotaValue": "0"}
    assert answered(429, QUOTA, violations=[violation]).code == "tools_refused"


@pytest.mark.parametrize(
    ("limit", "value", "code", "words"),
    [
        ("GenerateContentRequestsPerMinutePerProjectPerRegion", "0", "billing_required", "billing"),
        ("GenerateContentRequestsPerMinutePerProjectPerRegion", "60", "quota", "Wait"),
        ("GenerateRequestsPerDayPerProject", "1500", "quota", "today"),
    ],
)
def test_a_quota_that_only_the_reason_names_is_read(limit, value, code, words):
    metadata = {"quota_limit": limit, "quota_limit_value": value, "quota_metric": FREE}
    error = answered(429, "Quota exceeded.", reason="RATE_LIMIT_EXCEEDED", metadata=metadata)
    assert (error.code, words in error.message) == (code, True)


@pytest.mark.parametrize("page", ["<!DOCTYPE html><title>Error 403", "<html><b>Forbidden</b>"])
def test_a_page_in_the_place_of_an_answer_says_nothing_of_the_key(page):
    error = error_from_response(403, {"message": page, "status": "Forbidden"})
    assert (error.code, error.spec.key_status, error.spec.unchecked) == ("region", "", True)
    assert "this server" in error.message


def test_a_models_quota_of_the_day_leaves_the_other_models():
    violation = {"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}
    error = answered(429, QUOTA, violations=[violation])
    assert "Other models still answer" in error.message


def test_the_key_is_not_blamed_for_a_place_or_a_model():
    innocent = ("region", "billing_required", "model_forbidden", "model_gone", "file_refused")
    assert {ERRORS[code].key_status for code in innocent} == {""}
    assert {code for code, kind in ERRORS.items() if kind.unchecked} == {
        *("region", "api_disabled", "key_restricted")
    }


def test_sentences_fit_where_they_are_kept():
    assert all(len(kind.message) <= 200 for kind in ERRORS.values())


@pytest.mark.parametrize("odd", [7, ["x"], {"x": 1}, None, "", True])
def test_odd_bodies_say_what_their_status_says(odd):
    for body in (odd, {"error": odd}, {"error": {"message": odd, "details": odd, "status": odd}}):
        assert error_from_response(503, body).code == "overloaded"
    assert error_from_response(429, {"error": {"details": [{"violations": odd}]}}).code == "quota"
