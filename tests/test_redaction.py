"""Log lines: one per record, and free of keys and tokens."""

import logging
import secrets
import sys

import pytest

from chatproject.redaction import OneLineFormatter

CANARIES = {
    "old Gemini key": "AIzaSy" + secrets.token_hex(17)[:33],
    "new Gemini key": "AQ.Ab" + secrets.token_hex(23)[:45],
    "web token": "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoxfQ." + secrets.token_urlsafe(32),
    "sealed key": "gAAAAAB" + secrets.token_urlsafe(90) + "==",
}


def line(message, *args, exc_info=None) -> str:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, message, args, exc_info)
    return OneLineFormatter("{levelname} {message}", style="{").format(record)


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES.keys())
def test_keys_and_tokens_are_removed(canary):
    for text in (canary, f"key={canary}", f"'api_key:{canary}'.", f"x\n{canary}\n"):
        assert canary not in line(text)
        assert canary not in line("%s", text)
        assert "[removed]" in line(text)


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES.keys())
def test_tracebacks_are_redacted_and_stay_on_the_line(canary):
    try:
        raise ValueError(f"Consumer 'api_key:{canary}' has been suspended")
    except ValueError:
        text = line("It failed.", exc_info=sys.exc_info())
    assert canary not in text
    assert "ValueError" in text
    assert "\n" not in text


def test_a_redacted_traceback_is_not_left_on_the_record():
    canary = CANARIES["old Gemini key"]
    try:
        raise ValueError(canary)
    except ValueError:
        record = logging.LogRecord("t", logging.INFO, __file__, 1, "failed", (), sys.exc_info())
    OneLineFormatter().format(record)
    assert canary not in str(record.exc_text)


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("one\r\nERROR forged", "one\\r\\nERROR forged"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("abc\u202edef", "abc\\u202edef"),
        ("a\u2028b\x00c", "a\\u2028b\\u0000c"),
    ],
)
def test_control_characters_are_spelled_out(raw, shown):
    assert line(raw) == f"INFO {shown}"


def test_ordinary_text_stays_as_it_is():
    assert line("Zürich 😀\ttab AIza AQ. eyJ") == "INFO Zürich 😀\ttab AIza AQ. eyJ"


def test_the_configured_handler_redacts(settings):
    assert settings.LOGGING["root"]["handlers"] == ["stderr"]
    assert {h["formatter"] for h in settings.LOGGING["handlers"].values()} == {"line"}
    assert settings.LOGGING["loggers"]["google_genai"]["level"] == "WARNING"
