"""The admin's pages of the ledger, and of what it adds up to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path

from accounts.adminsite import ReadOnlyAdmin
from common.errors import AppError
from conversations.models import ModelCall
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


@admin.register(ModelCall)
class ModelCallAdmin(ReadOnlyAdmin):
    """The ledger, and what its rows add up to."""

    show_full_result_count = False  # counting a long table takes seconds
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
        """Totals per owner and key; of a key its last characters alone."""
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
