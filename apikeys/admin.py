"""Admin of keys: a secret can be typed in and never read."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from accounts.admin import PeopleAdmin
from accounts.adminsite import ReadOnlyAdmin, RestrictedAdmin
from apikeys import health, lending, services
from apikeys.admin_forms import LIMITS, HealthFilter, KeyForm
from apikeys.audit import Actor, KeyAudit, Via, What, note
from apikeys.models import KeyLoan, UserApiKey
from apikeys.terms import BUDGETS
from apikeys.verification import CheckedKey, keys_verify

Status = UserApiKey.Status

READ_ONLY = (
    "tail",
    "health",
    "quota_until",
    "verified_at",
    "last_used_at",
    "last_success_at",
    "last_error",
    "created_at",
)


def actor_of(request: HttpRequest) -> Actor:
    return Actor.of(cast(User, request.user), Via.ADMIN)


class LoanInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """To whom a key is lent; ended on the page for loans."""

    model = KeyLoan
    fields = readonly_fields = ("borrower", "group", "label", "ends_at", "revoked_at")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(UserApiKey)
class KeyAdmin(RestrictedAdmin):
    owner_path = "user"
    form = KeyForm
    inlines = (LoanInline,)
    list_display = (
        "name",
        "user",
        "tail",
        "health",
        "is_active",
        "last_used_at",
        "tokens_this_month",
        "expires_at",
    )
    list_filter = (HealthFilter, "is_active")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email", "name")
    autocomplete_fields = ("user",)
    actions = ("verify", "activate", "deactivate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserApiKey]:
        month = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        tokens = F("model_calls__input_tokens") + F("model_calls__output_tokens")
        this_month = Q(model_calls__created_at__gte=month)
        used = Coalesce(Sum(tokens, filter=this_month), 0)
        keys: QuerySet[UserApiKey] = super().get_queryset(request).annotate(month_tokens=used)
        return keys

    @admin.display(description="tokens this month", ordering="month_tokens")
    def tokens_this_month(self, key: UserApiKey) -> str:
        """By everybody who may use the key; days and months are those of UTC."""
        return f"{cast(Any, key).month_tokens:,}"

    @admin.display(description="health", ordering="status")
    def health(self, key: UserApiKey) -> str:
        label = str(key.health.label)
        if key.health == Status.QUOTA and key.quota_until:
            return f"{label} until {key.quota_until:%Y-%m-%d %H:%M} UTC"
        return label

    @admin.display(description="last error")
    def last_error(self, key: UserApiKey) -> str:
        error = health.last_error(key)
        return f"{error['at']:%Y-%m-%d %H:%M} UTC: {error['message']}" if error else "-"

    def get_inlines(self, request: HttpRequest, obj: UserApiKey | None) -> list[Any]:
        return list(self.inlines) if obj else []

    def get_fields(self, request: HttpRequest, obj: UserApiKey | None = None) -> Any:
        if obj is None:
            return ["user", "name", "secret", *LIMITS]
        typed = ["secret"] if self.has_change_permission(request, obj) else []
        return ["user", "name", *typed, "is_active", *LIMITS, *READ_ONLY]

    def get_readonly_fields(self, request: HttpRequest, obj: UserApiKey | None = None) -> list[str]:
        return [] if obj is None else ["user", *READ_ONLY]  # the seal is made for its owner

    @method_decorator(never_cache)
    @method_decorator(sensitive_post_parameters("secret"))
    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(*args, **kwargs)

    @sensitive_variables()
    def save_model(self, request: HttpRequest, obj: UserApiKey, form: Any, change: bool) -> None:
        checked: CheckedKey | None = form.checked
        if not change:
            assert checked is not None  # noqa: S101  # the form requires it
            stored = services.key_store(
                owner=obj.user,
                name=obj.name,
                checked=checked,
                actor=actor_of(request),
                limits=form.limits,
            )
            obj.pk = stored.pk
            return
        key = UserApiKey.objects.select_related("user").get(pk=obj.pk)
        if "name" in form.changed_data:
            services.key_rename(key=key, name=obj.name, actor=actor_of(request))
        if form.limits:
            services.key_set_limits(key=key, limits=form.limits, actor=actor_of(request))
        if "is_active" in form.changed_data:
            services.key_set_active(key=key, active=obj.is_active, actor=actor_of(request))
        if checked is not None:
            services.key_put(key=key, checked=checked, actor=actor_of(request))

    def delete_model(self, request: HttpRequest, obj: UserApiKey) -> None:
        services.key_delete(key=obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[UserApiKey]) -> None:
        for key in queryset:
            services.key_delete(key=key, actor=actor_of(request))

    @admin.action(description="Verify with Google", permissions=["change"])
    def verify(self, request: HttpRequest, keys: QuerySet[UserApiKey]) -> None:
        for key in keys_verify(list(keys.select_related("user")), actor=actor_of(request)):
            self.message_user(request, f"{key}: {key.health.label}.")

    @admin.action(description="Switch on", permissions=["change"])
    def activate(self, request: HttpRequest, keys: QuerySet[UserApiKey]) -> None:
        self._switch(request, keys, active=True)

    @admin.action(description="Switch off", permissions=["change"])
    def deactivate(self, request: HttpRequest, keys: QuerySet[UserApiKey]) -> None:
        self._switch(request, keys, active=False)

    def _switch(self, request: HttpRequest, keys: QuerySet[UserApiKey], *, active: bool) -> None:
        for key in keys.select_related("user"):
            services.key_set_active(key=key, active=active, actor=actor_of(request))
        self.message_user(
            request, f"{len(keys)} switched {'on' if active else 'off'}.", messages.SUCCESS
        )


@admin.register(KeyLoan)
class LoanAdmin(ReadOnlyAdmin):
    """Who may use whose key. Owners lend; here a loan can be ended."""

    owner_path = "key__user"
    list_display = ("label", "owner", "key", "borrower", "group", "ends_at", "revoked_at")
    fields = (*list_display, *BUDGETS, "allowed_models", "created_at")
    search_fields = ("label", "key__user__username", "borrower__username", "group__name")
    list_select_related = ("key__user", "borrower", "group")
    actions = ("revoke",)

    @admin.display(ordering="key__user__username")
    def owner(self, loan: KeyLoan) -> str:
        return loan.key.user.get_username()

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return cast(User, request.user).has_perm("apikeys.change_keyloan")

    @admin.action(description="End these loans", permissions=["revoke"])
    def revoke(self, request: HttpRequest, loans: QuerySet[KeyLoan]) -> None:
        for loan in loans.select_related("key__user", "borrower", "group"):
            lending.loan_revoke(loan=loan, actor=actor_of(request))
        self.message_user(request, f"{len(loans)} ended.", messages.SUCCESS)


@admin.register(KeyAudit)
class AuditAdmin(ReadOnlyAdmin):
    """What happened to keys. It holds no secret, and nothing to find one by."""

    list_display = ("at", "actor_name", "via", "what", "key_name", "owner_name", "detail")
    fields = (*list_display, "key_id")
    list_filter = ("what", "via")
    search_fields = ("owner_name", "actor_name", "key_name", "=key_id")
    show_full_result_count = False


class KeyInline(admin.TabularInline):  # type: ignore[type-arg]  # not generic at run time
    """A user's keys on the user's page; changed on their own page."""

    model = UserApiKey
    fk_name = "user"
    fields = readonly_fields = ("name", "is_active", "tail", "status", "last_used_at", "expires_at")
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PeopleWithKeysAdmin(PeopleAdmin):
    """The page for users once more, with their keys: accounts cannot know of keys."""

    inlines: ClassVar[list[type[Any]]] = [*PeopleAdmin.inlines, KeyInline]

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for inline in formset.forms:
            if "selected_api_key" in inline.changed_data and inline.instance.selected_api_key:
                note(inline.instance.selected_api_key, What.SELECT, actor_of(request))


admin.site.unregister(User)
admin.site.register(User, PeopleWithKeysAdmin)
