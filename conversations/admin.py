"""Read-only pages for what the program keeps. No page shows a word of what people said."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.db.models.functions import Length
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from accounts.adminsite import ReadOnlyAdmin
from common.errors import AppError
from conversations.models import Artifact, Event, ModelCall, Run, Thread
from conversations.usage import selectors


class PeriodForm(forms.Form):
    """The days that are added up, of UTC."""

    first = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="to", widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        days = super().clean() or {}
        try:
            selectors.period_of(days.get("first"), days.get("last"))
        except AppError as error:
            raise forms.ValidationError(error.message) from None
        return days

    def period(self) -> selectors.Period:
        return selectors.Period(self.cleaned_data["first"], self.cleaned_data["last"])


class LogAdmin(ReadOnlyAdmin):
    """A read-only page of a table that can be long and holds text nobody else may read."""

    show_full_result_count = False


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


@admin.register(Artifact)
class ArtifactAdmin(LogAdmin):
    """Whose files there are, and how large; not what is in them."""

    list_display = ("owner", "name", "mime_type", "size_bytes", "kind", "created_at")
    fields = ("id", *list_display, "width", "height", "run_id")
    readonly_fields = ("run_id",)
    list_filter = ("kind", "mime_type")
    search_fields = ("=id", "owner__username", "owner__email")
    list_select_related = ("owner",)


@admin.register(ModelCall)
class ModelCallAdmin(LogAdmin):
    """The ledger, and what its rows add up to."""

    list_display = (
        "created_at",
        "owner",
        "agent",
        "model",
        "input_tokens",
        "output_tokens",
        "price_usd",
        "duration_ms",
        "outcome",
    )
    fields = (
        *list_display,
        "run_id",
        "key_id",
        "thought_tokens",
        "cached_tokens",
        "tool_tokens",
        "image_tokens",
        "first_token_ms",
    )
    readonly_fields = ("run_id", "key_id")
    search_fields = ("=run__id", "owner__username", "owner__email")
    list_filter = ("outcome", "agent", "model")
    list_select_related = ("owner",)
    ordering = ("-id",)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.usage_view)
        return [path("usage/", page, name="conversations_usage"), *super().get_urls()]

    def usage_view(self, request: HttpRequest) -> HttpResponse:
        """Totals per owner and key; a key is told by its last characters alone."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = PeriodForm(request.GET or None)
        period = form.period() if form.is_valid() else selectors.period_of()
        shown = PeriodForm(initial={"first": period.first, "last": period.last})
        context = {
            **self.admin_site.each_context(request),
            "title": "Usage",
            "opts": self.model._meta,
            "form": form if form.errors else shown,
            "rows": selectors.usage_of_everybody(period=period, group="key"),
        }
        return TemplateResponse(request, "admin/conversations/usage.html", context)
