"""Admin of keys: a secret can be typed in and never read."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from accounts.admin import PeopleAdmin
from apikeys import services
from apikeys.models import UserApiKey
from common.errors import AppError

FACTS = ("tail", "status", "status_detail", "verified_at", "last_used_at", "created_at")


class KeyForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """The secret is checked with Google as part of the form, so a refusal is shown beside it."""

    secret = forms.CharField(
        label="Key",
        max_length=2000,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = UserApiKey
        fields = ("user", "name", "is_active", "expires_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checked: services.CheckedKey | None = None
        if not self.instance._state.adding and "secret" in self.fields:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = "Leave empty to keep the stored key."

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        raw = cleaned.pop("secret", "")
        adding = self.instance._state.adding
        owner = cleaned.get("user") if adding else self.instance.user
        if owner and not self.errors:
            own = None if adding else self.instance.pk
            try:
                services.key_name_check(owner.pk, cleaned["name"], but=own)
                if raw:
                    self.checked = services.key_check(owner=owner, raw=raw, replaces=own)
            except AppError as error:
                at = "name" if "name" in (error.fields or {}) else "secret"
                raise ValidationError({at: error.message}) from None
        return cleaned


@admin.register(UserApiKey)
class KeyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    form = KeyForm
    list_display = ("name", "user", "tail", "status", "is_active", "last_used_at")
    list_filter = ("status", "is_active")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "name")
    autocomplete_fields = ("user",)
    actions = ("verify", "activate", "deactivate")

    def get_fields(self, request: HttpRequest, obj: UserApiKey | None = None) -> Any:
        if obj is None:
            return ["user", "name", "secret", "expires_at"]
        typed = ["secret"] if self.has_change_permission(request, obj) else []
        return ["user", "name", *typed, "is_active", "expires_at", *FACTS]

    def get_readonly_fields(self, request: HttpRequest, obj: UserApiKey | None = None) -> list[str]:
        return [] if obj is None else ["user", *FACTS]  # the seal is made for its owner

    @method_decorator(never_cache)
    @method_decorator(sensitive_post_parameters("secret"))
    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(*args, **kwargs)

    @sensitive_variables()
    def save_model(self, request: HttpRequest, obj: UserApiKey, form: Any, change: bool) -> None:
        checked: services.CheckedKey | None = form.checked
        if not change:
            assert checked is not None  # noqa: S101  # the form requires it
            expires_at = obj.expires_at
            stored = services.key_store(owner=obj.user, name=obj.name, checked=checked)
            obj.pk = stored.pk
            UserApiKey.objects.filter(pk=stored.pk).update(expires_at=expires_at)
            return
        obj.save()
        services.key_set_active(key=obj, active=obj.is_active)
        if checked is not None:
            services.key_put(key=obj, checked=checked)

    @admin.action(description="Verify with Google", permissions=["change"])
    def verify(self, request: HttpRequest, keys: QuerySet[UserApiKey]) -> None:
        for key in keys.select_related("user"):
            services.key_verify(key=key)
            self.message_user(request, f"{key}: {key.get_status_display()}.")

    @admin.action(description="Switch on", permissions=["change"])
    def activate(self, request: HttpRequest, keys: QuerySet[UserApiKey]) -> None:
        self._switch(request, keys, active=True)

    @admin.action(description="Switch off", permissions=["change"])
    def deactivate(self, request: HttpRequest, keys: QuerySet[UserApiKey]) -> None:
        self._switch(request, keys, active=False)

    def _switch(self, request: HttpRequest, keys: QuerySet[UserApiKey], *, active: bool) -> None:
        for key in keys:
            services.key_set_active(key=key, active=active)
        self.message_user(
            request, f"{len(keys)} switched {'on' if active else 'off'}.", messages.SUCCESS
        )


class KeyInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """A user's keys on the user's page; changed on their own page."""

    model = UserApiKey
    fields = readonly_fields = ("name", "is_active", *FACTS[:-1])
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PeopleWithKeysAdmin(PeopleAdmin):
    """The page for users once more, with their keys: accounts cannot know of keys."""

    inlines: ClassVar[list[type[Any]]] = [*PeopleAdmin.inlines, KeyInline]


admin.site.unregister(User)
admin.site.register(User, PeopleWithKeysAdmin)
