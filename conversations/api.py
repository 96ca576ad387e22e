"""REST: threads, their messages, runs and their events."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import current_user
from common.api import validated_body, validated_query
from common.errors import AppError
from common.paging import TimeCursorInput
from common.streaming import AnyAccept, chunked_response
from conversations import export, threads
from conversations.access import run_for
from conversations.log import events_after
from conversations.messages import thread_messages
from conversations.serializers import (
    AfterInput,
    ConversationOutput,
    EventsOutput,
    ExportInput,
    MessageOutput,
    NewThreadInput,
    RunDetailOutput,
    RunOutput,
    ThreadDetailOutput,
    ThreadInput,
    ThreadPageOutput,
)


class ThreadsView(APIView):
    @extend_schema(
        operation_id="threads_list", parameters=[TimeCursorInput], responses=ThreadPageOutput
    )
    def get(self, request: Request) -> Response:
        """List my threads, the last one spoken in first."""
        query = validated_query(TimeCursorInput, request)
        page = threads.thread_list(user_id=current_user(request).pk, **query)
        return Response(ThreadPageOutput(page).data)

    @extend_schema(request=NewThreadInput, responses={201: ThreadDetailOutput})
    def post(self, request: Request) -> Response:
        """Open an empty thread. A run on a new id opens one as well."""
        data = validated_body(NewThreadInput, request)
        thread = threads.thread_create(owner_id=current_user(request).pk, **data)
        return _thread(request, str(thread.pk), status.HTTP_201_CREATED)


class ThreadView(APIView):
    @extend_schema(responses=ThreadDetailOutput)
    def get(self, request: Request, thread_id: str) -> Response:
        """Show a thread."""
        return _thread(request, thread_id)

    @extend_schema(request=ThreadInput, responses=ThreadDetailOutput)
    def patch(self, request: Request, thread_id: str) -> Response:
        """Rename a thread, or change the instructions for it, from the next answer on."""
        where: dict[str, Any] = {"owner_id": current_user(request).pk, "thread_id": thread_id}
        changes = validated_body(ThreadInput, request)
        with transaction.atomic():
            if "title" in changes:
                threads.thread_rename(**where, title=changes["title"])
            if "instructions" in changes:
                threads.thread_instruct(**where, instructions=changes["instructions"])
        return _thread(request, thread_id)

    @extend_schema(responses={204: OpenApiResponse()})
    def delete(self, request: Request, thread_id: str) -> Response:
        """Delete a thread with everything said and made in it."""
        threads.thread_delete(owner_id=current_user(request).pk, thread_id=thread_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _thread(request: Request, thread_id: str, code: int = status.HTTP_200_OK) -> Response:
    thread = threads.thread_detail(user_id=current_user(request).pk, thread_id=thread_id)
    return Response(ThreadDetailOutput(thread).data, status=code)


class MessagesView(APIView):
    @extend_schema(parameters=[TimeCursorInput], responses=ConversationOutput)
    def get(self, request: Request, thread_id: str) -> Response:
        """What was said in a thread, in pages, the newest first; each is in the order of time.

        Follow a run that is there in part after its `last_seq`.
        """
        page = thread_messages(
            user_id=current_user(request).pk,
            thread_id=thread_id,
            **validated_query(TimeCursorInput, request),
        )
        runs = [
            {**RunOutput(one.run).data, "last_seq": one.last_seq, "events": one.events}
            for one in page.runs
        ]
        return Response(
            {
                "thread": ThreadDetailOutput(page.thread).data,
                "messages": MessageOutput(page.messages, many=True).data,
                "runs": runs,
                "partial_runs": [one.run.pk for one in page.runs if not one.complete],
                "next": page.next,
            }
        )


class ExportView(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        parameters=[OpenApiParameter("as", enum=["json", "markdown"], default="json")],
        responses={(200, "application/json"): OpenApiTypes.OBJECT, (200, "text/markdown"): str},
    )
    def get(self, request: Request, thread_id: str) -> HttpResponseBase:
        """A thread as a file to keep: what was said, without the events."""
        form = validated_query(ExportInput, request)["as"]
        user_id = current_user(request).pk
        thread = threads.thread_detail(user_id=user_id, thread_id=thread_id)
        make, kind, ending = {
            "json": (export.as_json, "application/json", "json"),
            "markdown": (export.as_markdown, "text/markdown; charset=utf-8", "md"),
        }[form]
        response = chunked_response(request._request, export.in_chunks(make(thread, user_id)))
        response["Content-Type"] = kind
        name = f"{thread.title or 'Untitled'}.{ending}"
        response["Content-Disposition"] = content_disposition_header(True, name)
        return response


class RunView(APIView):
    @extend_schema(responses=RunDetailOutput)
    def get(self, request: Request, run_id: str) -> Response:
        """Show a run without its events."""
        run = run_for(current_user(request).pk, run_id)
        return Response(RunDetailOutput(run).data)


class EventsView(APIView):
    @extend_schema(parameters=[AfterInput], responses=EventsOutput)
    def get(self, request: Request, run_id: str) -> Response:
        """The events of a run after a seq, in pages."""
        # The run is read first: if it says it ended, all of its events are there to be read.
        run = run_for(current_user(request).pk, run_id)
        after = validated_query(AfterInput, request)["after"]
        rows = events_after(run_id=run.pk, after=after).events
        if not rows and run.last_seq > after:
            message = "The log of this answer was cleared. Read the conversation's messages."
            raise AppError("log_pruned", message, status=410)
        events = [{"seq": seq, "event": json.loads(data)} for seq, data in rows]
        last_seq = max(run.last_seq, rows[-1][0] if rows else 0)
        return Response({"events": events, "last_seq": last_seq, "status": run.status})
