"""Log lines without secrets: the last step before a line leaves the process.

Code that handles keys does not log them; this catches what libraries and tracebacks let slip.
"""

from __future__ import annotations

import logging
import re

from agents.core.keys import secrets_in_use

REMOVED = "[removed]"
SECRET = re.compile(
    r"AIza[0-9A-Za-z_-]{30,}"  # Gemini keys, the old form
    r"|AQ\.[0-9A-Za-z_-]{20,}"  # and the new one
    r"|eyJ[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]{5,}\.[0-9A-Za-z_-]*"  # JSON Web Tokens
    r"|gAAAA[0-9A-Za-z_=-]{20,}"  # Fernet tokens: keys at rest
)
# Line ends, terminal escapes, and the marks that reorder text: a log line shows what it holds.
CONTROL = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)
NAMED = {"\n": "\\n", "\r": "\\r"}


def redact(text: str) -> str:
    """The text without the keys in use, and without whatever else looks like a key or token."""
    for secret in secrets_in_use():
        text = text.replace(secret, REMOVED)
    return SECRET.sub(REMOVED, text)


def escape(text: str) -> str:
    """The text on one line, with control characters spelled out."""
    return CONTROL.sub(lambda hit: NAMED.get(hit[0]) or f"\\u{ord(hit[0]):04x}", text)


class OneLineFormatter(logging.Formatter):
    """Formats a record, traceback included, as one redacted line."""

    def format(self, record: logging.LogRecord) -> str:
        # A formatter keeps the traceback's text on the record, for all handlers: start fresh,
        # and leave nothing behind that was not redacted.
        line = escape(redact(super().format(record)))
        record.exc_text = None
        return line
