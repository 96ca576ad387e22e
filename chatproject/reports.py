"""Error reports without secrets: what Django shows or sends when something fails.

Django hides settings by their names, but tells the exception's text, and the local variables of
every frame.
"""

from __future__ import annotations

from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter

from chatproject.redaction import redact


class RedactedReporter(ExceptionReporter):
    def get_traceback_html(self) -> SafeString:
        return SafeString(redact(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(redact(super().get_traceback_text()))
