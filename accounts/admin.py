"""Admin of people, their profiles and their sign-ins."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts import services
from accounts.adminsite import ReadOnlyAdmin, RestrictedAdmin, is_superuser
from accounts.audit import What, note
from accounts.models import AccountAudit, RefreshFamily, UserProfile

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")
DATES = ("last_login", "date_joined")


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    ai_model = forms.ChoiceField(label="Model")

    class Meta:
        model = UserProfile
        fields = ("selected_api_key", "ai_model")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.instance.ai_model
        names = {model.name: model.label for model in services.models_offered(self.instance.pk)}
        self.fields["ai_model"].choices = list({chosen: chosen, **names}.items())  # type: ignore[attr-defined]
        if "selected_api_key" in self.fields:
            keys: Any = self.fields["selected_api_key"]
            usable = keys.queryset.model.objects.open_to(self.instance.pk)
            keys.queryset = usable.filter(is_active=True)


class ProfileInline(admin.StackedInline):  # type: ignore[type-arg]  # not generic at run time
    model = UserProfile
    form = ProfileForm
    can_delete = False
    verbose_name_plural = "profile"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose key is used is for those who look after keys: the choice lists them."""
        keys = cast(User, request.user).has_perm("apikeys.change_userapikey")
        return ["selected_api_key", "ai_model"] if keys else ["ai_model"]


class PeopleAdmin(RestrictedAdmin, UserAdmin):  # type: ignore[type-arg]  # not generic at run time
    """Django's own page for users, with the profile.

    Only superusers grant rights, set passwords of others and touch superusers: whoever could do
    one of these would have all the rest.
    """

    owner_path = ""
    list_display = ("username", "email", "is_active", "is_staff", "last_login", "date_joined")
    inlines: ClassVar[list[type[Any]]] = [ProfileInline]
    list_select_related = ("profile",)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> list[Any]:
        # A new user gets the profile from the signal; a form for one would make a second.
        return list(self.inlines) if obj else []

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None or is_superuser(request.user):
            return super().get_fieldsets(request, obj)
        person = ("username", "first_name", "last_name", "email", "is_active")
        return [(None, {"fields": person}), ("Rights and dates", {"fields": (*RIGHTS, *DATES)})]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        if obj is None or is_superuser(request.user):
            return super().get_readonly_fields(request, obj)
        return (*RIGHTS, *DATES)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Set a user's password, with a line in the audit and a notice to the user."""
        if not is_superuser(request.user):
            raise PermissionDenied
        with transaction.atomic():
            response = super().user_change_password(request, id, form_url)
            user = self.get_object(request, id)
            if user and request.method == "POST" and response.status_code == 302:
                note(user, What.PASSWORD, actor=cast(User, request.user))
        return response

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        for what, fields in _changes(obj, form.changed_data, change).items():
            note(obj, what, actor=cast(User, request.user), detail=", ".join(fields))

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        services.user_delete(user=obj, actor=cast(User, request.user))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        actor = cast(User, request.user)
        # The audit names who did it, and needs that row until the others are gone.
        for user in sorted(queryset, key=lambda user: user == actor):  # oneself last
            services.user_delete(user=user, actor=actor)


def _changes(user: User, changed: list[str], change: bool) -> dict[str, list[str]]:
    """What the audit has to tell of a form: the kind of change, and the fields."""
    if not change:
        return {What.CREATE: []}
    switched = What.ACTIVATE if user.is_active else What.DEACTIVATE
    kinds = {"is_active": switched, **dict.fromkeys(RIGHTS, What.RIGHTS)}
    changes: dict[str, list[str]] = {}
    for field in changed:
        changes.setdefault(kinds.get(field, What.CHANGE), []).append(field)
    return changes


class GroupsAdmin(RestrictedAdmin, GroupAdmin):
    """A group carries rights, so it is changed by superusers only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request.user)


@admin.register(RefreshFamily)
class RefreshFamilyAdmin(ReadOnlyAdmin):
    """Sign-ins. No token is stored, so none can be shown."""

    list_display = ("id", "user", "created_at", "rotated_at", "expires_at", "revoked_at")
    search_fields = ("user__username", "user__email")
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefreshFamily]:
        families: QuerySet[RefreshFamily] = super().get_queryset(request)
        return families.select_related("user")


@admin.register(AccountAudit)
class AccountAuditAdmin(ReadOnlyAdmin):
    """What was done to accounts, and by whom."""

    list_display = ("at", "actor_name", "via", "what", "user_name", "detail")
    fields = (*list_display, "read_at")
    list_filter = ("what", "via")
    search_fields = ("user_name", "actor_name")
    show_full_result_count = False


admin.site.unregister([User, Group])
admin.site.register(User, PeopleAdmin)
admin.site.register(Group, GroupsAdmin)
