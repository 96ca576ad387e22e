"""Admin of people, their profiles and their sign-ins."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.attempts import attempt_count
from accounts.models import RefreshFamily, UserProfile
from agents.core import catalogue
from common.errors import AppError


class LimitedSignInForm(AdminAuthenticationForm):
    """The admin's sign-in, under the same limits as the API's."""

    def clean(self) -> dict[str, Any]:
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        try:
            attempt = attempt_count(address=address, name=self.cleaned_data.get("username", ""))
        except AppError as error:
            raise ValidationError(error.message) from None
        cleaned = super().clean()  # raises if the password is wrong
        attempt.delete()
        return cleaned


admin.site.login_form = LimitedSignInForm
admin.site.site_header = admin.site.site_title = "chatproject"


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    ai_model = forms.ChoiceField(label="Model")

    class Meta:
        model = UserProfile
        fields = ("selected_api_key", "ai_model")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.instance.ai_model
        names = {model.name: model.label for model in catalogue.chat_models()}
        self.fields["ai_model"].choices = list({chosen: chosen, **names}.items())  # type: ignore[attr-defined]
        keys: Any = self.fields["selected_api_key"]
        keys.queryset = keys.queryset.model.objects.open_to(self.instance.pk).filter(is_active=True)


class ProfileInline(admin.StackedInline):  # type: ignore[type-arg]  # not generic at run time
    model = UserProfile
    form = ProfileForm
    can_delete = False
    verbose_name_plural = "profile"


class PeopleAdmin(UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Django's own page for users, with the profile."""

    list_display = ("username", "email", "is_active", "is_staff", "last_login", "date_joined")
    inlines: ClassVar[list[type[Any]]] = [ProfileInline]
    list_select_related = ("profile",)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        # A new user gets the profile from the signal; a form for one would make a second.
        return list(self.inlines) if obj else []


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """For rows that the program keeps about itself."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows go only with their owner: not from these pages, but with a deleted user."""
        match = request.resolver_match
        own = f"{self.opts.app_label}_{self.opts.model_name}_"
        if match is None or (match.url_name or "").startswith(own):
            return False
        return super().has_delete_permission(request, obj)


@admin.register(RefreshFamily)
class RefreshFamilyAdmin(ReadOnlyAdmin):
    """Sign-ins. No token is stored, so none can be shown."""

    list_display = ("id", "user", "created_at", "rotated_at", "expires_at", "revoked_at")
    search_fields = ("user__username", "user__email")
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefreshFamily]:
        families: QuerySet[RefreshFamily] = super().get_queryset(request)
        return families.select_related("user")


admin.site.unregister(User)
admin.site.register(User, PeopleAdmin)
