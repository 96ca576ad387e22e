"""The form of a key in the admin, and the filter of its list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apikeys.models import UserApiKey
from apikeys.services import key_name_check
from apikeys.terms import BUDGETS, limits_check
from apikeys.verification import CheckedKey, key_check
from common.errors import AppError

Status = UserApiKey.Status

LIMITS = ("expires_at", *BUDGETS)


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
        fields = ("user", "name", "is_active", *LIMITS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checked: CheckedKey | None = None
        if not self.instance._state.adding and "secret" in self.fields:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = "Leave empty to keep the stored key."

    @property
    def limits(self) -> dict[str, Any]:
        """The limits that were changed."""
        changed = set(self.changed_data)
        return {name: self.cleaned_data[name] for name in LIMITS if name in changed}

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        pasted = cleaned.pop("secret", "")
        adding = self.instance._state.adding
        owner = cleaned.get("user") if adding else self.instance.user
        if owner and not self.errors:
            own = None if adding else self.instance.pk
            try:
                limits_check(self.limits, self.instance)
                key_name_check(owner.pk, cleaned["name"], but=own)
                if pasted:
                    self.checked = key_check(owner=owner, pasted=pasted, replaces=own)
            except AppError as error:
                fields = set(error.fields or {}).intersection(self.fields)
                at = fields.pop() if fields else "secret"
                raise ValidationError({at: error.message}) from None
        return cleaned


class HealthFilter(admin.SimpleListFilter):
    """By health as it is now: dates pass without anybody writing them down."""

    title = "health"
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(value), str(label)) for value, label in Status.choices]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[UserApiKey]
    ) -> QuerySet[UserApiKey]:
        wanted, now = self.value(), timezone.now()
        if wanted is None:
            return queryset
        expired, renewed = Q(expires_at__lte=now), Q(status=Status.QUOTA, quota_until__lte=now)
        if wanted == Status.EXPIRED:
            return queryset.filter(expired)
        matching = Q(status=wanted)
        if wanted == Status.ACTIVE:
            matching |= renewed
        elif wanted == Status.QUOTA:
            matching &= ~renewed | Q(quota_until=None)
        return queryset.filter(matching).exclude(expired)
