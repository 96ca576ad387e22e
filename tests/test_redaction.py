"""Log lines: one per record, and free of keys and tokens."""

import io
import logging
import secrets
import sys
import threading
import time

import pytest

from chatproject.redaction import (
    MAX_CHARS,
    UNREDACTABLE,
    OneLineFormatter,
    RedactedHandler,
    redact_uncaught,
)

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


# when a line cannot be formatted or redacted

KEY = CANARIES["old Gemini key"]


class Mute:
    """Its words are a key, and asking for them fails: only its message tells."""

    def __str__(self) -> str:
        raise RuntimeError(KEY)

    __repr__ = __str__


class Worse(Mute):
    def __str__(self) -> str:
        raise RecursionError(KEY)

    __repr__ = __str__


def broken_exception() -> Exception:
    class Broken(Exception):
        def __str__(self) -> str:
            raise ValueError(KEY)

    try:
        raise Broken(KEY)
    except Broken as error:
        return error


BAD_RECORDS = {
    "str that raises": (Mute(), ()),
    "argument that raises": ("no %s", (Mute(),)),
    "argument whose repr raises": ("no %r", (Worse(),)),
    "too few arguments": (f"{KEY} %s %s", ("one",)),
    "too many arguments": (f"{KEY} %s", ("one", "two")),
    "argument of another kind": ("%d", (KEY,)),
    "unfinished format": (f"{KEY} %", (1,)),
}


def written(level, message, args, exc_info=None) -> str:
    """What the configured handler writes of a record."""
    stream = io.StringIO()
    handler = RedactedHandler(stream)
    handler.setFormatter(OneLineFormatter("{levelname} {name}: {message}", style="{"))
    handler.handle(logging.LogRecord("some.app", level, "f", 1, message, args, exc_info))
    return stream.getvalue()


@pytest.mark.parametrize(("message", "args"), BAD_RECORDS.values(), ids=BAD_RECORDS.keys())
def test_a_record_that_cannot_be_formatted_becomes_a_fixed_sentence(message, args, capsys):
    assert written(logging.ERROR, message, args) == f"ERROR some.app: {UNREDACTABLE}\n"
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("message", [KEY.encode(), {"key": KEY}, [KEY], None, 3, ValueError(KEY)])
def test_a_message_that_is_no_text_is_redacted(message, capsys):
    line = written(logging.WARNING, message, ())
    assert KEY not in line
    assert line.startswith("WARNING some.app: ")
    assert line.count("\n") == 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("fault", [RuntimeError, RecursionError, MemoryError])
def test_a_line_is_left_out_when_redacting_it_fails(monkeypatch, capsys, fault):
    def fails():
        raise fault(KEY)

    monkeypatch.setattr("chatproject.redaction.secrets_in_use", fails)
    assert written(logging.INFO, KEY, ()) == f"INFO some.app: {UNREDACTABLE}\n"
    error = ValueError(KEY)
    exc_info = (ValueError, error, None)
    assert written(logging.INFO, "x", (), exc_info) == f"INFO some.app: {UNREDACTABLE}\n"
    assert capsys.readouterr() == ("", "")


def test_an_exception_that_cannot_say_what_it_is_leaves_no_key():
    error = broken_exception()
    line = written(logging.ERROR, "failed", (), (type(error), error, error.__traceback__))
    assert KEY not in line
    assert "Broken" in line


def test_a_name_of_a_logger_that_is_no_name_is_not_told():
    record = logging.LogRecord(f"a {KEY}", logging.ERROR, "f", 1, "%d", (KEY,), None)
    assert OneLineFormatter().format(record) == UNREDACTABLE
    assert KEY not in OneLineFormatter("{name} {message}", style="{").format(record)


def test_a_stream_that_cannot_be_written_to_gets_no_raw_record(capsys):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            if UNREDACTABLE not in text:
                raise OSError(KEY)
            return super().write(text)

    stream = Full()
    handler = RedactedHandler(stream)
    handler.setFormatter(OneLineFormatter())
    handler.handle(logging.LogRecord("t", logging.INFO, "f", 1, KEY, (), None))
    assert stream.getvalue() == f"INFO {UNREDACTABLE}\n"
    assert capsys.readouterr() == ("", "")


def test_halves_of_surrogate_pairs_can_be_written():
    assert line("half \ud83d") == "INFO half \\ud83d"
    line("half \ud83d").encode()


@pytest.mark.parametrize("filler", ["x", "eyJ", "AIza", "AQ.", "gAAAA", "eyJhbGciOi.", "\n"])
def test_a_huge_line_is_shortened_in_time_and_holds_no_part_of_a_key(filler):
    for gap in range(0, len(KEY) + 2, 3):
        text = filler * (MAX_CHARS // len(filler)) + "-" * gap + KEY + " " + filler * 2_000_000
        started = time.process_time()
        shown = line(text)
        assert time.process_time() - started < 1.0
        assert KEY[4:12] not in shown
        assert len(shown) <= 2 * MAX_CHARS


def test_what_python_prints_by_itself_is_redacted(monkeypatch, capsys):
    for hook in ("excepthook", "unraisablehook"):
        monkeypatch.setattr(sys, hook, getattr(sys, hook))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    redact_uncaught()
    thread = threading.Thread(target=fails_with_key)
    thread.start()
    thread.join()
    try:
        fails_with_key()
    except ValueError:
        sys.excepthook(*sys.exc_info())
    told = capsys.readouterr().err
    assert told.count("ValueError: it is [removed]") == 2
    assert KEY not in told


def fails_with_key() -> None:
    raise ValueError(f"it is {KEY}")
