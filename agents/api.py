"""Stopping a run over REST; everything else about runs is read from ``conversations``."""

from __future__ import annotations

from uuid import UUID

from asgiref.sync import async_to_sync
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from agents import turns


class RunCancelView(APIView):
    @extend_schema(
        request=None, responses={202: None}, summary="Stop an answer; what was said is kept"
    )
    def post(self, request: Request, run_id: UUID) -> Response:
        # Runs on the server's own event loop, where the answer is.
        async_to_sync(turns.cancel)(request.user.pk, run_id)
        return Response(status=202)
