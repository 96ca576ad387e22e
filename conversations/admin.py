"""Read-only pages for what the program stores. No page shows what people wrote."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest

from accounts.adminsite import ReadOnlyAdmin
from conversations.files import admin as files_admin
from conversations.models import Event, Run, Thread
from conversations.usage import admin as usage_admin

__all__ = ["files_admin", "usage_admin"]  # Django looks for ``admin`` in the app alone


@admin.register(Thread)
class ThreadAdmin(ReadOnlyAdmin):
    """The title is left out: it is the first line of a message."""

    show_full_result_count = False  # counting a long table takes seconds
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
class RunAdmin(ReadOnlyAdmin):
    """State, lease and counts of a run; not its contents and transcript."""

    show_full_result_count = False  # counting a long table takes seconds
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
class EventAdmin(ReadOnlyAdmin):
    """Which events a run had and how large; not what they say."""

    show_full_result_count = False  # counting a long table takes seconds
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
