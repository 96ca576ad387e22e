"""Error reports without secrets: what Django shows or sends when something fails.

Django hides settings by their names, but tells the exception's text, and the local variables of
every frame. A report that cannot be made or redacted is replaced by a fixed sentence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from chatproject.redaction import redact

logger = logging.getLogger(__name__)

WITHHELD = "The report of this error is left out: it could not be cleared of secrets."


class RedactedReporter(ExceptionReporter):
    def get_traceback_html(self) -> SafeString:
        return _redacted(super().get_traceback_html)

    def get_traceback_text(self) -> SafeString:
        return _redacted(super().get_traceback_text)


def _redacted(make: Callable[[], str]) -> SafeString:
    try:
        return SafeString(redact(make()))
    except Exception as error:
        logger.error("An error report could not be made: %s", type(error).__name__)
        return SafeString(WITHHELD)


class AnsweredUnavailable(logging.Filter):
    """Leaves out Django's line for each request that was answered 503: an outage is said once."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != 503


class ExpectedRefusals(logging.Filter):
    """Makes Django's line about any other answer above 500 a warning: only a 500 is our error.

    A 507 says that a disk or a quota is full, a 502 that Google gave no answer.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) > 500 and not record.exc_info:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True
