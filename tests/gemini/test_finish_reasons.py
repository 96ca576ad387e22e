"""Why answers end, in words."""

from __future__ import annotations

import pytest
from google.genai import types

from gemini.error_mapping import (
    FINISH_CONTINUATION,
    FINISH_MAX_TOKENS,
    FINISH_STOP,
    block_error,
    finish_error,
)
from gemini.error_rules import BLOCKS, FINISHES
from gemini.errors import MESSAGES


def test_every_reason_that_the_library_knows_has_its_words():
    assert {reason.value for reason in types.FinishReason} == {
        *FINISHES,
        FINISH_STOP,
        FINISH_MAX_TOKENS,
        FINISH_CONTINUATION,
    }
    in_the_api = "BLOCK_REASON_UNSPECIFIED"
    assert {reason.value for reason in types.BlockedReason} | {in_the_api} == set(BLOCKS)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("RECITATION", "published text"),
        ("LANGUAGE", "language"),
        ("MODEL_ARMOR", "Model Armor"),
        ("ESCALATION", "sensitive subjects"),
        ("PUP_LIMITED_DISABLED", "account behind this key"),
        ("SPII", "personal data"),
        ("PROHIBITED_CONTENT", "policy prohibits"),
        ("IMAGE_RECITATION", "picture"),
        ("TOO_MANY_TOOL_CALLS", "too many times"),
        ("OTHER", "without saying why"),
    ],
)
def test_the_true_reason_is_told(reason, words):
    error = finish_error(reason)
    assert words in error.message
    assert "safety" not in error.message.lower()
    assert "fault" not in error.message


@pytest.mark.parametrize("end", [finish_error, block_error])
@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("MOON_PHASE", "MOON_PHASE"),
        ("<script>alert(1)</script>", "SCRIPT_ALERT_1_SCRIPT"),
        ("X" * 500, "X" * 40),
        ("\u202e", "no reason given"),
    ],
)
def test_a_reason_of_tomorrow_is_named_and_made_safe(end, reason, shown):
    message = end(reason).message
    assert shown in message
    assert len(message) <= 200
    assert not {"<", ">", "\u202e"} & set(message)


@pytest.mark.parametrize("reason", ["OTHER", "FINISH_REASON_UNSPECIFIED", "MOON_PHASE"])
def test_googles_message_helps_where_the_reason_does_not(reason):
    error = finish_error(reason, "Stopped: the output may be a recitation of copyrighted text.")
    assert (error.code, error.message) == ("recitation", MESSAGES["recitation"])


def test_a_message_does_not_outweigh_a_reason():
    assert finish_error("LANGUAGE", "Safety first.").code == "language"


@pytest.mark.parametrize(
    ("reason", "message", "words"),
    [
        ("SAFETY", "", "this question"),
        ("PROHIBITED_CONTENT", "", "policy prohibits"),
        ("JAILBREAK", "", "get around"),
        ("IMAGE_SAFETY", "", "picture"),
        ("OTHER", "", "does not say why"),
        ("BLOCK_REASON_UNSPECIFIED", "", "does not say why"),
        ("", "Blocked for safety.", "safety rules"),
        ("", "Message", "no reason given"),
    ],
)
def test_a_question_that_is_not_answered_says_why(reason, message, words):
    error = block_error(reason, message)
    assert error.code == "blocked"
    assert words in error.message
    assert "this answer" not in error.message
