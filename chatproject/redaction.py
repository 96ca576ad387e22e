"""Log lines without secrets: the last step before a line leaves the process.

Code that handles keys does not log them; this catches what libraries and tracebacks let slip. It
fails closed: a line that cannot be formatted or redacted is replaced by a fixed sentence, because
what it holds is not known.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from contextlib import suppress
from types import TracebackType
from typing import Any

from gemini.failover import secrets_in_use

REMOVED = "[removed]"
UNREDACTABLE = "This line is left out: it could not be cleared of secrets."
MAX_CHARS = 64 * 1024
MARGIN_CHARS = 4 * 1024  # longer than a secret that begins in the last part of a shortened text
SHORTENED = " [shortened]"
SECRET = re.compile(
    r"AIza[0-9A-Za-z_-]{30,}+"  # Gemini keys, the old form
    r"|AQ\.[0-9A-Za-z_-]{20,}+"  # and the new one
    # JSON Web Tokens. What only begins like one is passed over whole: tried again at each of its
    # letters, a long one would take minutes.
    r"|eyJ[0-9A-Za-z_-]{5,}+(?P<token>\.[0-9A-Za-z_-]{5,}+\.[0-9A-Za-z_-]*+)?"
    r"|gAAAA[0-9A-Za-z_=-]{20,}+"  # Fernet tokens: keys at rest
)
# Line ends, terminal escapes, the marks that reorder text, and halves of surrogate pairs, which no
# stream can encode: a log line shows what it holds.
CONTROL = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    r"\ud800-\udfff]"
)
NAMED = {"\n": "\\n", "\r": "\\r"}
_LOGGER_NAME = re.compile(r"[\w.]{1,60}")


def redact(text: str) -> str:
    """The text without the keys in use, and without whatever else looks like a key or token."""
    # By value first: keys of a form that no pattern knows, whatever Google's look like by then.
    for secret in secrets_in_use():
        text = text.replace(secret, REMOVED)
    return SECRET.sub(_removed, text)


def escape(text: str) -> str:
    """The text on one line, with control characters spelled out."""
    return CONTROL.sub(lambda hit: NAMED.get(hit[0]) or f"\\u{ord(hit[0]):04x}", text)


class OneLineFormatter(logging.Formatter):
    """Formats a record, traceback included, as one redacted line of at most 64 Ki characters."""

    def format(self, record: logging.LogRecord) -> str:
        try:
            return escape(_shortened(super().format(record)))
        except Exception:
            return self._without_content(record)
        finally:
            # A formatter keeps the traceback's text on the record, for all handlers: start fresh,
            # and leave nothing behind that was not redacted.
            record.exc_text = None

    def _without_content(self, record: logging.LogRecord) -> str:
        name = str(record.name)
        name = name if _LOGGER_NAME.fullmatch(name) else "?"
        plain = logging.LogRecord(name, record.levelno, "", 0, UNREDACTABLE, None, None)
        return super().format(plain)


class RedactedHandler(logging.StreamHandler[Any]):
    """Writes redacted lines; the library's handler prints a record that it cannot write, raw."""

    def handleError(self, record: logging.LogRecord) -> None:
        with suppress(Exception):  # the stream may be gone: then there is nobody left to tell
            self.stream.write(f"{logging.getLevelName(record.levelno)} {UNREDACTABLE}\n")


def redact_uncaught() -> None:
    """Redact what Python itself prints: exceptions that nothing catches, in whatever thread."""
    sys.excepthook = _print_uncaught
    threading.excepthook = lambda args: _print_uncaught(
        args.exc_type, args.exc_value, args.exc_traceback
    )
    sys.unraisablehook = lambda args: _print_uncaught(
        args.exc_type, args.exc_value, args.exc_traceback
    )


def _print_uncaught(
    kind: type[BaseException], error: BaseException | None, frames: TracebackType | None
) -> None:
    if issubclass(kind, SystemExit):
        return
    try:
        text = redact("".join(traceback.format_exception(kind, error, frames)))
    except Exception:
        text = f"{UNREDACTABLE}\n"
    if sys.stderr is not None:
        sys.stderr.write(text)


def _shortened(text: str) -> str:
    """``text`` redacted, and cut where it is very long; never inside a secret."""
    if len(text) <= MAX_CHARS:
        return redact(text)
    # With a margin, which goes once it is redacted: half a key at the end fits no pattern. Not the
    # whole text, which can be many megabytes.
    return redact(text[: MAX_CHARS + MARGIN_CHARS])[:-MARGIN_CHARS] + SHORTENED


def _removed(match: re.Match[str]) -> str:
    only_begins = match[0].startswith("eyJ") and match["token"] is None
    return match[0] if only_begins else REMOVED
