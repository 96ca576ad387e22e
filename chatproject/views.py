"""The page's shell, what a client may know before it signs in, and the answers of the edge."""

from __future__ import annotations

import logging
import sys
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.html import escape
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chatproject import __version__
from chatproject.checks import is_loopback
from common.database_errors import RETRY_AFTER_S, Kind
from common.outages import app_error, outages
from common.supervisor import failing_tasks

logger = logging.getLogger(__name__)

FAILING_S = 10.0
NOT_BUILT = (
    "The page is not built yet. Run `make run` in the project's folder (or `make web`), then "
    "load this address again.\n"
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The one HTML file; all else of the page has a hash in its name and is cached for ever."""
    index = settings.WEB_DIST / "index.html"
    try:
        response = HttpResponse(index.read_bytes())
    except FileNotFoundError:
        response = HttpResponse(NOT_BUILT, status=503, content_type="text/plain; charset=utf-8")
    # Asked for anew each time: an old shell names files that a new version no longer has.
    response["Cache-Control"] = "no-cache"
    return response


class ConfigSerializer(serializers.Serializer[Any]):
    emulated = serializers.BooleanField(help_text="Answers come from the emulator, not Google.")
    registration = serializers.BooleanField(help_text="Visitors may make an account.")
    upload_max_bytes = serializers.IntegerField(help_text="The largest file that is taken.")
    version = serializers.CharField()


class ConfigView(APIView):
    """What the page needs to know before anybody signs in."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=ConfigSerializer, auth=[])
    def get(self, request: Request) -> Response:
        return Response(
            {
                "emulated": is_loopback(urlsplit(settings.GEMINI_BASE_URL).hostname or ""),
                "registration": settings.ALLOW_REGISTRATION,
                "upload_max_bytes": settings.UPLOAD_MAX_BYTES,
                "version": __version__,
            }
        )


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve: its database takes writes, and its background tasks run.

    A task that fails is named. The process is not ready once one that it cannot do without has
    been failing for a while; one that is started again and goes on is none of a load balancer's
    business.
    """
    try:
        kind = outages.probe()
    except DatabaseError:
        logger.exception("The database fails")
        kind = Kind.DOWN
    failing = failing_tasks()
    names = sorted({task.name for task in failing})
    if kind is not None:
        outages.record(kind)
        answer = {"status": "unavailable", "database": False, "kind": kind, "failing": names}
    else:
        outages.end_if_over()
        # Not at the first failure: a task that is started again within seconds would have the load
        # balancer take a process away that serves well.
        if not any(task.vital and task.for_s > FAILING_S for task in failing):
            return JsonResponse({"status": "ok", "database": True, "failing": names})
        answer = {"status": "unavailable", "database": True, "failing": names}
    response = JsonResponse(answer, status=503)
    response["Retry-After"] = str(ceil(RETRY_AFTER_S))
    return response


def _refusal(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    """JSON for programs, a plain sentence for people."""
    if request.path_info.startswith("/api/"):
        return JsonResponse({"code": code, "message": message}, status=status)
    body = f'<!doctype html><html lang="en"><title>{status}</title><p>{escape(message)}</p></html>'
    return HttpResponse(body, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 400, "bad_request", "This request cannot be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 403, "forbidden", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _refusal(request, 404, "not_found", "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django calls this while it handles the exception: a database that is away is no fault."""
    error = app_error(sys.exception())
    answer = _refusal(request, error.status, error.code, error.message)
    for name, value in error.headers().items():
        answer[name] = value
    return answer
