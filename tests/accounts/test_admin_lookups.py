"""What no page of the admin shows, no address of the admin finds out, letter by letter."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import SuspiciousOperation
from django.db import models
from django.test import Client, RequestFactory

from accounts.adminsite import RestrictedAdmin, Site
from tests.people import make_key, make_user

pytestmark = pytest.mark.django_db

# One of each kind: the rule looks at the path, and never at what a lookup would do.
LOOKUPS = ("", "__exact", "__istartswith", "__regex", "__gt", "__in", "__isnull", "__0", "__year")
PAGES = list(admin.site._registry.items())
TEXT = (models.CharField, models.TextField, models.JSONField, models.FileField)


def name_of(page) -> str:
    return page[0]._meta.label_lower


@pytest.fixture
def staff():
    """Support staff who may view everything there is to view."""
    user = make_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


def request_of(user, /, **query):
    request = RequestFactory().get("/admin/", query)
    request.user = user
    return request


def paths(model: type[models.Model], depth: int = 2) -> Iterator[str]:
    """Every field of the model, and of what it refers to and what refers to it."""
    for field in model._meta.get_fields():
        yield field.name
        if field.is_relation and depth and field.related_model:
            inner = paths(field.related_model, depth - 1)
            yield from (f"{field.name}__{path}" for path in inner)


def filters_of(page: RestrictedAdmin) -> set[str]:
    """What the links beside the list ask for, of fields that the list shows."""
    allowed = set()
    for path in page.list_filter:
        if isinstance(path, str):
            field = page.opts.get_field(path)
            target = f"__{field.related_model._meta.pk.name}" if field.is_relation else ""
            allowed |= {path, f"{path}__exact", f"{path}{target}__exact", f"{path}__isnull"}
    return allowed


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_field_can_be_looked_up_but_by_the_filters_that_are_shown(page, staff):
    model, model_admin = page
    assert isinstance(model_admin, RestrictedAdmin)
    tried = 0
    for path in {*paths(model), "pk"}:
        for lookup in LOOKUPS if "__" not in path else ("", "__startswith"):
            asked = f"{path}{lookup}"
            if asked in filters_of(model_admin):
                continue
            tried += 1
            with pytest.raises((SuspiciousOperation, IncorrectLookupParameters)):
                model_admin.get_changelist_instance(request_of(staff, **{asked: "a"}))
    assert tried > 40, tried


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_filters_are_of_fields_that_the_page_shows(page):
    _, model_admin = page
    shown = shown_by(model_admin)
    for path in model_admin.list_filter:
        assert not isinstance(path, str) or path in shown


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_filters_that_are_shown_still_work(page, staff):
    _, model_admin = page
    Group.objects.bulk_create([Group(name="one"), Group(name="two")])
    for path in model_admin.list_filter:
        name = path if isinstance(path, str) else path.parameter_name
        cl = model_admin.get_changelist_instance(request_of(staff))
        spec = next(one for one in cl.filter_specs if name in "".join(one.expected_parameters()))
        for parameter in spec.expected_parameters():
            value = "True" if parameter.endswith("isnull") else "1"
            model_admin.get_changelist_instance(request_of(staff, **{parameter: value}))


def shown_by(model_admin: RestrictedAdmin) -> set[str]:
    fields = {*model_admin.list_display, *(model_admin.fields or ())}
    for _, options in model_admin.fieldsets or ():
        fields |= set(options["fields"])
    fields |= set(getattr(getattr(model_admin.form, "Meta", None), "fields", ()))
    return fields | {"pk", "id", "status"} | ({"name"} if "__str__" in fields else set())


def hidden_texts(model: type[models.Model], model_admin: RestrictedAdmin) -> set[str]:
    shown = shown_by(model_admin)
    return {
        field.column
        for field in model._meta.concrete_fields
        if isinstance(field, TEXT) and field.name not in shown
    } | {"title", "contents", "transcript", "data", "password", "encrypted_key", "fingerprint"}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_list_is_sorted_by_what_it_does_not_show(page, staff):
    model, model_admin = page
    columns = len(model_admin.get_list_display(request_of(staff)))
    for column in range(-1, columns + 1):
        for asked in (f"{column}", f"-{column}", f"{column}.{columns - column}"):
            cl = model_admin.get_changelist_instance(request_of(staff, o=asked))
            order = str(cl.queryset.query).partition(" ORDER BY ")[2]
            assert not [name for name in hidden_texts(model, model_admin) if f'"{name}"' in order]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_searching_reaches_what_is_shown_only(page):
    """An address of a person is on the person's page alone: who may not see that finds nobody."""
    model, model_admin = page
    user = make_user("sam", is_staff=True)
    kind = ContentType.objects.get_for_model(model)
    user.user_permissions.set(Permission.objects.filter(content_type=kind))
    fields = [name.lstrip("=^@") for name in model_admin.get_search_fields(request_of(user))]
    assert not [name for name in fields if name.endswith("__email")]
    if model._meta.label != "auth.User":
        make_user("target")
        cl = model_admin.get_changelist_instance(request_of(user, q="target@example.com"))
        assert cl.result_count == 0


@pytest.mark.parametrize(
    ("page", "columns"),
    [
        ("conversations.thread", {"title"}),
        ("conversations.run", {"contents", "transcript", "title"}),
        ("conversations.event", {"data"}),
        ("apikeys.userapikey", {"encrypted_key"}),
    ],
)
def test_what_people_said_is_not_even_loaded(page, columns, staff):
    model_admin = next(one for model, one in PAGES if model._meta.label_lower == page)
    query = str(model_admin.get_changelist_instance(request_of(staff)).queryset.query)
    selected = query.partition(" FROM ")[0].replace('LENGTH("events"."data")', "")
    assert not [name for name in columns if f'"{name}"' in selected]


@pytest.mark.parametrize(
    "path",
    [
        "conversations/thread/?title__startswith=a",
        "conversations/run/?contents__icontains=a",
        "conversations/event/?data__regex=a",
        "conversations/run/?thread__title__startswith=a",
        "conversations/thread/?messages__text__startswith=a",
        "conversations/thread/?title=a&_popup=1",
        "conversations/thread/?_popup=1&_to_field=title",
        "apikeys/userapikey/?fingerprint__startswith=a",
        "apikeys/userapikey/?encrypted_key__startswith=a",
        "auth/user/?password__startswith=a",
        "auth/user/?threads__title__startswith=a",
        "auth/user/?profile__preferences__icontains=a",
        "auth/user/?_to_field=password&_popup=1",
        "auth/group/?user__password__startswith=a",
    ],
)
def test_over_http_it_is_a_bad_request(staff, path):
    client = Client()
    client.force_login(staff)
    assert client.get(f"/admin/{path}").status_code == 400


def test_a_page_of_another_app_gets_the_rules_without_knowing_them():
    site = Site()

    class Foreign(admin.ModelAdmin):
        list_filter = ("app_label",)

    site.register(ContentType, Foreign)
    page = site._registry[ContentType]
    assert isinstance(page, RestrictedAdmin)
    assert isinstance(page, Foreign)
    assert page.lookup_allowed("app_label__exact", "a", request_of(None))
    assert not page.lookup_allowed("model__startswith", "a", request_of(None))


def test_choosing_a_person_for_a_key_needs_the_right_to_see_people(alice):
    user = make_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="add_userapikey"))
    client = Client()
    client.force_login(user)
    asked = "app_label=apikeys&model_name=userapikey&field_name=user&term=ali"
    assert client.get(f"/admin/autocomplete/?{asked}").status_code == 403


def test_the_page_that_asks_before_deleting_names_nothing_of_what_goes_along(alice):
    make_key(owner=alice, name="a private name")
    user = make_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["delete_user", "view_user"]))
    client = Client()
    client.force_login(user)
    page = client.get(f"/admin/auth/user/{alice.pk}/delete/").content.decode()
    assert "a private name" not in page
    assert "API key" in page  # which this person may not delete
    assert client.post(f"/admin/auth/user/{alice.pk}/delete/", {"post": "yes"}).status_code == 403
