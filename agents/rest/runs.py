"""Stopping a run over REST; everything else about runs is read from ``conversations``."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import current_user
from agents.runs import service
from conversations.access import run_for


class RunCancelView(APIView):
    @extend_schema(
        request=None, responses={202: None}, summary="Stop an answer; what was said is kept"
    )
    def post(self, request: Request, run_id: str) -> Response:
        user = current_user(request)
        run = run_for(user.pk, run_id)
        # Runs on the server's own event loop, where the answer is.
        async_to_sync(service.cancel)(user.pk, run.pk)
        return Response(status=202)
