"""What every REST view shares: input within limits, and one shape for errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as ModelValidationError
from django.http import Http404
from rest_framework import exceptions, serializers
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import AppError
from common.keylike import refuse_keys_in
from common.outages import app_error
from common.text import parse_json
from common.throttle import throttled

INVALID = "Some of what was sent cannot be used."
NOT_AUTHENTICATED = AppError("not_authenticated", "Sign in to continue.", status=401)
KNOWN_ERRORS: Mapping[type[Exception], AppError] = {
    exceptions.NotAuthenticated: NOT_AUTHENTICATED,
    exceptions.AuthenticationFailed: NOT_AUTHENTICATED,
    exceptions.PermissionDenied: AppError("forbidden", "You may not do this.", status=403),
    PermissionDenied: AppError("forbidden", "You may not do this.", status=403),
    exceptions.NotFound: AppError("not_found", "There is nothing at this address.", status=404),
    Http404: AppError("not_found", "There is nothing at this address.", status=404),
    exceptions.MethodNotAllowed: AppError(
        "method_not_allowed", "This address does not take that method.", status=405
    ),
    exceptions.NotAcceptable: AppError(
        "not_acceptable", "Only JSON can be sent back here.", status=406
    ),
    exceptions.UnsupportedMediaType: AppError(
        "unsupported_media_type", "Send JSON, with Content-Type: application/json.", status=415
    ),
    exceptions.ParseError: AppError("bad_json", "This request is not valid JSON."),
    RequestDataTooBig: AppError("too_large", "This request is too large.", status=413),
}


class BoundedJSONParser(JSONParser):
    """JSON of bounded size and depth, holding only what can be stored: see ``parse_json``."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.REQUEST_MAX_BYTES
        # One byte more than is taken tells that there is more, whatever the length in the header
        # says.
        return parse_json(stream.read(limit + 1), max_bytes=limit)


def validated_query(form: Any, request: Request) -> dict[str, Any]:
    """The query of a request as the serializer class ``form`` understands it.

    Raises:
        rest_framework.exceptions.ValidationError: it does not.
    """
    query = form(data=request.query_params)
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)


def validated_body(
    serializer: type[serializers.Serializer[Any]], request: Request, **options: Any
) -> dict[str, Any]:
    """The request's body as ``serializer`` understands it; what it does not name is dropped.

    Raises:
        AppError: ``looks_like_key`` for a text with a Gemini key in it, wherever none belongs:
            in every field but the write-only ones.
    """
    form = serializer(data=request.data, **options)
    sent = request.data if isinstance(request.data, Mapping) else {}
    # Before the form is checked: its complaints repeat what was sent ("... is not a valid choice").
    for name, field in form.fields.items():
        if not field.write_only:
            refuse_keys_in(sent.get(name), field=name)
    form.is_valid(raise_exception=True)
    return cast(dict[str, Any], form.validated_data)


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response:
    """Any error of a view as ``{code, message, fields?}``."""
    set_rollback()
    path = getattr(context.get("request"), "path", "?")
    error = _known_error(exc) or app_error(exc, during=f"The request to {path}")
    response = Response(error.as_dict(), status=error.status)
    for name, value in error.headers().items():
        response[name] = value
    return response


def _known_error(exc: Exception) -> AppError | None:
    """The answer to an exception of Django's or of REST framework's own; None: it is none."""
    if isinstance(exc, exceptions.Throttled):
        message = "Too many requests. Wait a moment."
        return throttled("too_many_requests", message, getattr(exc, "wait", None))
    if isinstance(exc, exceptions.ValidationError):
        return _invalid(exc.detail)
    if isinstance(exc, ModelValidationError):
        return _invalid(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)
    return next((KNOWN_ERRORS[kind] for kind in type(exc).__mro__ if kind in KNOWN_ERRORS), None)


def _invalid(detail: Any) -> AppError:
    """A serializer's or model's complaints, per field; those about the whole become the message."""
    if not isinstance(detail, Mapping):
        return AppError("invalid", " ".join(_sentences(detail)) or INVALID)
    general: list[str] = []
    fields: dict[str, list[str]] = {}
    for name, complaint in detail.items():
        if name in ("non_field_errors", "__all__"):
            general += _sentences(complaint)
        else:
            fields[str(name)] = _sentences(complaint)
    return AppError("invalid", " ".join(general) or INVALID, fields=fields)


def _sentences(complaint: Any) -> list[str]:
    """The sentences in a nested complaint, flat."""
    if isinstance(complaint, Mapping):
        complaint = complaint.values()
    elif isinstance(complaint, str):
        return [str(complaint)]
    return [sentence for item in complaint for sentence in _sentences(item)]
