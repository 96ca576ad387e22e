"""The admin's rules for every page of it, whichever app brings the page.

What a page does not show cannot be asked for through it either: not by a look-up in the address,
not by the search box, not on the page that asks whether to delete. And what belongs to a
superuser is changed by superusers only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import reduce
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.filters import FieldListFilter
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.db.models import CASCADE, DateField, Model, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.throttle import attempt_succeeded, client_address, throttle_attempt
from common.errors import AppError
from common.keylike import validate_no_key

# What every page says of a person or a group that it names.
SHOWN_BY_NAME = {("user", "username"), ("group", "name")}
SUPERUSERS_ONLY = "Some of these belong to a superuser. Only superusers can change them."


def is_superuser(user: AbstractBaseUser | AnonymousUser | None) -> bool:
    return bool(getattr(user, "is_superuser", False))


class RestrictedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not generic at run time
    """The base of every page; ``Site`` puts it under pages of other apps by itself."""

    # The way from a row to the user it belongs to: "" is the row itself, None is nobody.
    owner_path: ClassVar[str | None] = None

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the filters beside the list ask for."""
        # Django allows any field of the model in the address: ``?text__startswith=`` spells out,
        # letter by letter, what no page shows.
        return lookup in set(_filter_parameters(self.model, self.get_list_filter(request)))

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        return to_field in {self.opts.pk.name, self.opts.pk.attname}

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Related rows are searched by their names, or by whoever may look at them."""
        return [
            field
            for field in super().get_search_fields(request)
            if _searchable(self.model, field, request)
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """No text is stored that holds a key; where one belongs, a form has a field of its own."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, forms.CharField):
            field.validators.append(validate_no_key)
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A row is made for a superuser by superusers only."""
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == self.owner_path and not is_superuser(request.user):
            field.queryset = User.objects.filter(is_superuser=False)
        return field

    def response_action(  # type: ignore[override]  # the stub is of a later Django
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Run an action on rows, but on a superuser's for superusers only."""
        if self.owner_path is not None and not is_superuser(request.user):
            path = LOOKUP_SEP.join(filter(None, (self.owner_path, "is_superuser")))
            chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
            if queryset.filter(**{path: True, "pk__in": chosen}).exists():
                self.message_user(request, SUPERUSERS_ONLY, messages.ERROR)
                return None
            # "Select all across pages" sends no list of rows: of these, a superuser's are left out.
            queryset = queryset.filter(**{path: False})
        return super().response_action(request, queryset)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Counts of what goes along, not its names: those can be what nobody else may read.

        Counted is what refers to the rows directly; what lies deeper goes with that.
        """
        counts = Counter({str(self.opts.verbose_name_plural): len(objs)})
        refused = set()
        for relation in self.opts.related_objects:
            related = relation.related_model
            if getattr(relation, "on_delete", None) is not CASCADE:
                continue
            count = related._base_manager.filter(**{f"{relation.field.name}__in": objs}).count()
            if count:
                counts[str(related._meta.verbose_name_plural)] += count
                if self.admin_site.is_registered(related) and not _may_delete(request, related):
                    refused.add(str(related._meta.verbose_name))
        if not all(self.has_delete_permission(request, obj) for obj in objs):
            refused.add(str(self.opts.verbose_name))
        return [str(obj) for obj in objs], dict(counts), refused, []

    def _may_touch(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None or self.owner_path is None or is_superuser(request.user):
            return True
        path = filter(None, self.owner_path.split(LOOKUP_SEP))
        return not is_superuser(reduce(getattr, path, obj))


class ReadOnlyAdmin(RestrictedAdmin):
    """For rows that the program keeps about itself; they go only with their owner."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class LimitedSignInForm(AdminAuthenticationForm):
    """The admin's sign-in, under the same limits as the API's."""

    def clean(self) -> dict[str, Any]:
        address = client_address(self.request) if self.request else ""
        # Before the password is looked at, as at the API: the admin would be the way around its
        # limits.
        attempt = _throttled_attempt(address, self.cleaned_data.get("username", ""))
        cleaned = super().clean()  # raises if the password is wrong
        attempt_succeeded(attempt)
        return cleaned


class LimitedPasswordForm(AdminPasswordChangeForm):
    """A change of one's own password: guessing the old one is limited like signing in."""

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean_old_password(self) -> str:
        attempt = _throttled_attempt(self.address, self.user.get_username())
        typed: str = super().clean_old_password()  # raises if it is wrong
        attempt_succeeded(attempt)
        return typed


class LimitedPasswordView(PasswordChangeView):
    form_class = LimitedPasswordForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "address": client_address(self.request)}


class Site(admin.AdminSite):
    """The site that every app registers its pages with."""

    site_header = site_title = "chatproject"
    login_form = LimitedSignInForm

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        admin_class = admin_class or RestrictedAdmin
        if not issubclass(admin_class, RestrictedAdmin):  # another app's, which knows no such rule
            admin_class = type(admin_class.__name__, (RestrictedAdmin, admin_class), {})
        super().register(model_or_iterable, admin_class, **options)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        view = LimitedPasswordView.as_view(
            success_url=reverse("admin:password_change_done", current_app=self.name),
            template_name="registration/password_change_form.html",
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)


def _filter_parameters(model: type[Model], filters: Iterable[Any]) -> Iterator[str]:
    """The names that the links of these filters carry in the address."""
    for item in filters:
        path = item[0] if isinstance(item, tuple | list) else item
        if isinstance(path, type) and not issubclass(path, FieldListFilter):
            yield cast(str, path.parameter_name)  # type: ignore[attr-defined]  # a SimpleListFilter
            continue
        field = get_fields_from_path(model, path)[-1]
        yield from (path, f"{path}__exact", f"{path}__isnull")
        if isinstance(field, DateField):
            yield from (f"{path}__gte", f"{path}__lt")
        if field.is_relation and field.related_model is not None:
            yield f"{path}__{cast(Any, field.related_model)._meta.pk.name}__exact"


def _searchable(model: type[Model], search_field: str, request: HttpRequest) -> bool:
    path = search_field.lstrip("^=@")
    field = get_fields_from_path(model, path)[-1]
    if field.model is model or field.primary_key:
        return True
    if (field.model._meta.model_name, field.name) in SHOWN_BY_NAME:
        return True
    meta = field.model._meta
    return cast(User, request.user).has_perm(f"{meta.app_label}.view_{meta.model_name}")


def _may_delete(request: HttpRequest, model: type[Model]) -> bool:
    meta = model._meta
    return cast(User, request.user).has_perm(f"{meta.app_label}.delete_{meta.model_name}")


def _throttled_attempt(address: str, name: str) -> Any:
    try:
        return throttle_attempt(address=address, name=name)
    except AppError as error:
        raise ValidationError(error.message) from None
