"""What Django tells of an error holds no key, whatever stood in local variables."""

import logging
import secrets
import sys
from typing import Any

import pytest
from django.test import RequestFactory
from django.views.debug import get_exception_reporter_class

from chatproject.redaction import OneLineFormatter
from chatproject.reports import WITHHELD
from gemini.failover import Keys, secrets_in_use
from gemini.keys import Key

reporter_class: Any = get_exception_reporter_class  # its stub gives an instance
LOOKS_LIKE_ONE = "AIzaSy" + secrets.token_hex(17)[:33]
LOOKS_LIKE_NONE = secrets.token_hex(20)  # only its being in use says that it is a key


def fails(api_key: str) -> None:
    held = {"key": api_key, "harmless": "harmless words"}
    raise ValueError(f"no luck with {held['key']}")


def report(api_key: str) -> str:
    with pytest.raises(ValueError, match="no luck") as failed:
        fails(api_key)
    request = RequestFactory().get("/")
    failure = (failed.type, failed.value, failed.tb)
    reporter = reporter_class(request)(request, *failure)
    return reporter.get_traceback_html() + reporter.get_traceback_text()


@pytest.mark.parametrize("debug", [True, False])
def test_a_report_with_text_variables_and_source_holds_no_key(settings, debug):
    settings.DEBUG = debug
    keys = Keys(Key("1", "work", LOOKS_LIKE_NONE))
    for secret in (LOOKS_LIKE_ONE, LOOKS_LIKE_NONE):
        told = report(secret)
        assert secret not in told
        assert "no luck with [removed]" in told
        assert "harmless words" in told
    del keys


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("broken", ["redact", "ExceptionReporter.get_traceback_data"])
def test_a_report_that_cannot_be_redacted_is_left_out(settings, monkeypatch, debug, broken):
    def breaks(*args):
        raise RuntimeError(LOOKS_LIKE_ONE)

    settings.DEBUG = debug
    monkeypatch.setattr(f"chatproject.reports.{broken}", breaks)
    assert report(LOOKS_LIKE_ONE) == WITHHELD * 2


def test_a_report_on_values_that_cannot_say_what_they_are_holds_no_key(settings):
    settings.DEBUG = True

    class Mute:
        def __repr__(self) -> str:
            raise RuntimeError(LOOKS_LIKE_ONE)

    mute, surrogate = Mute(), f"\ud83d{LOOKS_LIKE_ONE}"
    try:
        raise ValueError(surrogate)
    except ValueError:
        reporter = reporter_class(None)(None, *sys.exc_info())
    assert LOOKS_LIKE_ONE not in reporter.get_traceback_html() + reporter.get_traceback_text()
    assert "unprintable" in reporter.get_traceback_html()
    del mute


def test_a_log_line_loses_a_key_in_use_whatever_it_looks_like():
    keys = Keys(Key("1", "work", LOOKS_LIKE_NONE))
    record = logging.LogRecord("t", logging.INFO, __file__, 1, LOOKS_LIKE_NONE, (), None)
    assert LOOKS_LIKE_NONE not in OneLineFormatter().format(record)
    assert LOOKS_LIKE_NONE in secrets_in_use()
    del keys
    assert LOOKS_LIKE_NONE not in secrets_in_use()


def test_an_empty_key_in_use_leaves_log_lines_as_they_are():
    keys = Keys(Key("", "", ""))
    record = logging.LogRecord("t", logging.INFO, __file__, 1, "plain words", (), None)
    assert "plain words" in OneLineFormatter().format(record)
    del keys
