"""Read-only pages for what the program keeps. No page shows a word of what people said."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from conversations.models import Event, ModelCall, Run, Thread


class LogAdmin(ReadOnlyAdmin):
    """A read-only page of a table that can be long and holds text nobody else may read."""

    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows go only with their owner: not from these pages, but with a deleted user."""
        match = request.resolver_match
        if match is None or (match.url_name or "").startswith("conversations_"):
            return False
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


@admin.register(Thread)
class ThreadAdmin(LogAdmin):
    """The title is left out: it is the first line of what somebody said."""

    list_display = fields = ("id", "owner", "run_count", "created_at", "updated_at")
    readonly_fields = ("run_count",)
    search_fields = ("=id", "owner__username", "owner__email")
    list_select_related = ("owner",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Thread]:
        rows: QuerySet[Thread] = super().get_queryset(request).defer("title")
        return rows.annotate(run_total=Count("runs"))

    @admin.display(description="runs")
    def run_count(self, thread: Any) -> int:
        return int(thread.run_total)


@admin.register(Run)
class RunAdmin(LogAdmin):
    """State, lease and counts of a run; not its contents and transcript."""

    list_display = (
        "id",
        "owner",
        "agent",
        "model",
        "status",
        "outcome",
        "error_code",
        "last_seq",
        "created_at",
        "finished_at",
    )
    fields = (
        *list_display,
        "thread",
        "error_message",
        "usage",
        "key_id",
        "lease_owner",
        "lease_until",
        "fence",
    )
    readonly_fields = ("key_id",)
    list_filter = ("status", "outcome", "agent", "model")
    search_fields = ("=id", "=thread__id", "owner__username", "owner__email")
    list_select_related = ("owner",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        rows: QuerySet[Run] = super().get_queryset(request)
        return rows.select_related("owner", "thread").defer(
            "contents", "transcript", "thread__title"
        )


@admin.register(Event)
class EventAdmin(LogAdmin):
    """Which events a run had and how large; not what they say."""

    list_display = fields = ("run_id", "seq", "type", "characters")
    readonly_fields = ("run_id", "characters")
    search_fields = ("=run__id",)
    list_filter = ("type",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        rows: QuerySet[Event] = super().get_queryset(request).defer("data")
        return rows.annotate(data_length=Length("data"))

    @admin.display
    def characters(self, event: Any) -> int:
        return int(event.data_length)


@admin.register(ModelCall)
class ModelCallAdmin(LogAdmin):
    """The ledger."""

    list_display = (
        "run_id",
        "owner",
        "agent",
        "model",
        "input_tokens",
        "output_tokens",
        "thought_tokens",
        "cached_tokens",
        "duration_ms",
        "outcome",
        "created_at",
    )
    fields = (*list_display, "key_id")
    readonly_fields = ("run_id", "owner", "key_id")
    search_fields = ("=run__id", "run__owner__username", "run__owner__email")
    list_filter = ("outcome", "agent", "model")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelCall]:
        rows: QuerySet[ModelCall] = super().get_queryset(request)
        return rows.select_related("run__owner").defer("run__contents", "run__transcript")

    @admin.display
    def owner(self, call: ModelCall) -> str:
        return str(call.run.owner)
