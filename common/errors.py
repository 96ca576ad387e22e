"""The one error that a person may read, on every surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil


class AppError(Exception):
    """A refusal with a stable ``code`` and a sentence that says what to do next.

    Args:
        code: stable, snake_case; clients and tests depend on it.
        message: a plain sentence, safe to show; never another party's text, never a secret.
        status: the HTTP status used on REST and SSE.
        fields: messages per input field, for forms.
        retry_after_s: seconds after which trying again makes sense.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: Mapping[str, Sequence[str]] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = dict(fields) if fields else None
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    def headers(self) -> dict[str, str]:
        """The HTTP headers that belong to the answer."""
        headers = {}
        if self.status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="api"'
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(ceil(self.retry_after_s))
        return headers

    def as_dict(self) -> dict[str, object]:
        """The error's shape in JSON: ``{code, message, fields?}``."""
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.fields:
            body["fields"] = self.fields
        return body


def not_found(what: str) -> AppError:
    """One answer for "not yours" and "not there", so that nobody can tell them apart."""
    return AppError(f"{what}_not_found", f"There is no such {what}.", status=404)


def internal() -> AppError:
    """For what no code here expects; the log says why."""
    message = "Something went wrong on this server. Try again; the operator can see why."
    return AppError("internal", message, status=500)
