"""The admin's page of files."""

from __future__ import annotations

from django.contrib import admin

from accounts.adminsite import ReadOnlyAdmin
from conversations.models import Artifact


@admin.register(Artifact)
class ArtifactAdmin(ReadOnlyAdmin):
    """Whose files there are, and how large; not what is in them."""

    show_full_result_count = False  # counting a long table takes seconds
    list_display = ("owner", "name", "mime_type", "size_bytes", "kind", "created_at")
    fields = ("id", *list_display, "width", "height", "run_id")
    readonly_fields = ("run_id",)
    list_filter = ("kind", "mime_type")
    search_fields = ("=id", "owner__username", "owner__email")
    list_select_related = ("owner",)
