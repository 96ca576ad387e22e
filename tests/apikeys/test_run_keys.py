"""The keys of a run: own and lent ones, and those to go on with."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import UserProfile
from apikeys.audit import KeyAudit
from apikeys.models import KeyLoan, UserApiKey
from apikeys.selectors import check_model, loans_to, run_key, run_keys
from apikeys.terms import Budget
from common.errors import AppError
from tests.people import assert_secret_free, client_for, lend, make_key, new_secret

pytestmark = pytest.mark.django_db


def refusal(user, key) -> AppError:
    with pytest.raises(AppError) as caught:
        run_key(user.pk, key.pk)
    return caught.value


def name_fallbacks(user, *keys):
    body = {"fallback_keys": [str(key.pk) for key in keys]}
    return client_for(user).patch("/api/me/", body, format="json")


def ids(user, key=None) -> list:
    return [found.id for found in run_keys(user.pk, key.pk if key else None)]


def test_there_is_no_other_key_unless_one_is_named(alice):
    first = make_key(owner=alice)
    make_key(owner=alice, name="second", selected=False)
    assert ids(alice) == [first.pk]


def test_keys_to_go_on_with_follow_in_their_order(alice):
    first = make_key(owner=alice)
    second = make_key(owner=alice, name="second", selected=False)
    third = make_key(owner=alice, name="third", selected=False)
    said = name_fallbacks(alice, third, first, second)
    assert said.json()["fallback_keys"] == [str(key.pk) for key in (third, first, second)]
    assert ids(alice) == [first.pk, third.pk, second.pk]
    assert ids(alice, second) == [second.pk, third.pk, first.pk]
    assert name_fallbacks(alice).json()["fallback_keys"] == []
    assert ids(alice) == [first.pk]


def test_keys_that_cannot_be_used_are_no_way_out(alice):
    first = make_key(owner=alice)
    off = make_key(owner=alice, name="off", selected=False)
    gone = make_key(owner=alice, name="gone", selected=False)
    good = make_key(owner=alice, name="good", selected=False)
    name_fallbacks(alice, off, gone, good)
    UserApiKey.objects.filter(pk=off.pk).update(is_active=False)
    gone.delete()
    assert ids(alice) == [first.pk, good.pk]
    known = client_for(alice).get("/api/me/").json()["fallback_keys"]
    assert known == [str(off.pk), str(good.pk)]


def test_only_keys_open_to_oneself_can_be_named_and_each_once(alice, bob):
    foreign, own = make_key(owner=bob), make_key(owner=alice)
    assert name_fallbacks(alice, foreign).status_code == 404
    assert name_fallbacks(alice, own, own).json()["fields"].keys() == {"fallback_keys"}
    many = {"fallback_keys": ["6f1c6d5e-4f0e-4d0e-9d0c-000000000000"] * 11}
    assert client_for(alice).patch("/api/me/", many, format="json").status_code == 400
    assert UserProfile.objects.get(user=alice).preferences == {}


def test_a_lent_key_works_under_its_label_and_terms(alice, bob):
    secret = new_secret()
    key = make_key(owner=alice, name="private name", secret=secret, monthly_tokens=1000)
    loan = lend(key, bob, daily_money=Decimal("0.50"), allowed_models=["gemini-3-flash-lite"])
    found = run_key(bob.pk, key.pk)
    assert (found.secret, found.name) == (secret, "team key")
    assert found.owner_id == alice.pk
    assert found.budget == Budget(monthly_tokens=1000)
    assert found.loan.id == loan.pk
    assert found.loan.budget == Budget(daily_money=Decimal("0.50"))
    assert found.allows("gemini-3-flash-lite")
    assert found.allows("gemini-3.5-flash-lite")
    assert not found.allows("gemini-3-pro")
    assert_secret_free(repr(found), secret)
    own = run_key(alice.pk, key.pk)
    assert (own.name, own.loan, own.allows("gemini-3-pro")) == ("private name", None, True)


def test_a_model_that_google_does_not_list_for_a_key_is_refused(alice, bob):
    facts = {"listed_models": ["gemini-3.8-flash"], "listed_at": timezone.now()}
    key = make_key(owner=alice, **facts)
    lend(key, bob)
    for user in (alice, bob):
        found = run_key(user.pk, key.pk)
        check_model(found, "gemini-3-flash")
        with pytest.raises(AppError) as caught:
            check_model(found, "gemini-3-pro")
        assert (caught.value.code, caught.value.status) == ("model_not_available", 403)
        assert caught.value.message == (
            "This key cannot use Gemini 3 Pro. Choose another model, or another key."
        )


@pytest.mark.parametrize("age", [None, timedelta(days=1, seconds=1)])
def test_without_a_list_of_today_no_model_is_refused(alice, age):
    listed_at = age and timezone.now() - age
    key = make_key(owner=alice, listed_models=["gemini-3.8-flash"], listed_at=listed_at)
    check_model(run_key(alice.pk, key.pk), "gemini-3-pro")


def test_a_key_can_be_lent_to_a_group(alice, bob, charlie):
    key, group = make_key(owner=alice), Group.objects.create(name="team")
    bob.groups.add(group)
    alice.groups.add(group)
    lend(key, group)
    assert run_key(bob.pk, key.pk).name == "team key"
    assert run_key(alice.pk, key.pk).loan is None
    assert refusal(charlie, key).code == "key_not_found"
    bob.groups.remove(group)
    assert refusal(bob, key).code == "key_not_found"


def test_a_loan_to_oneself_goes_before_one_to_a_group(alice, bob):
    key, group = make_key(owner=alice), Group.objects.create(name="team")
    bob.groups.add(group)
    lend(key, group, label="of the group")
    lend(key, bob, label="my own")
    assert run_key(bob.pk, key.pk).name == "my own"
    assert [loan.label for loan in loans_to(bob.pk)] == ["my own"]


@pytest.mark.parametrize("field", ["revoked_at", "ends_at"])
def test_a_loan_that_ended_is_refused_at_once(alice, bob, field):
    key = make_key(owner=alice)
    loan = lend(key, bob)
    assert run_key(bob.pk, key.pk)
    KeyLoan.objects.filter(pk=loan.pk).update(**{field: timezone.now()})
    assert refusal(bob, key).code == "loan_ended"
    assert loans_to(bob.pk) == []


def test_a_borrower_is_told_nothing_about_the_owners_key(alice, bob, settings):
    key = make_key(owner=alice, name="private name")
    lend(key, bob)
    past = timezone.now() - timedelta(hours=1)
    for change in ({"is_active": False}, {"is_active": True, "expires_at": past}):
        UserApiKey.objects.filter(pk=key.pk).update(**change)
        assert "private name" not in refusal(bob, key).message
    UserApiKey.objects.filter(pk=key.pk).update(expires_at=None)
    settings.FERNET_KEYS = ["a new master key of enough length"]
    said = refusal(bob, key)
    assert (said.code, "private name" in said.message) == ("key_unreadable", False)


def test_a_lent_key_can_be_selected_and_named_to_go_on_with(alice, bob):
    key = make_key(owner=alice)
    own = make_key(owner=bob)
    lend(key, bob)
    assert name_fallbacks(bob, key).status_code == 200
    assert ids(bob) == [own.pk, key.pk]
    chosen = client_for(bob).patch("/api/me/", {"selected_api_key": str(key.pk)}, format="json")
    assert chosen.status_code == 200
    assert ids(bob) == [key.pk]
    KeyLoan.objects.update(revoked_at=timezone.now())
    with pytest.raises(AppError, match="loan_ended"):
        run_keys(bob.pk, None)


def test_refused_uses_are_noted_but_not_each_of_a_hundred(alice, bob):
    key = make_key(owner=alice, is_active=False)
    lend(key, bob)
    for _ in range(5):
        refusal(alice, key)
        refusal(bob, key)
    noted = KeyAudit.objects.order_by("id").values_list("actor", "owner", "what", "detail", "via")
    same = (alice.pk, "use_refused", "key_inactive", "run")
    assert list(noted) == [(alice.pk, *same), (bob.pk, *same)]


def test_who_has_no_key_is_told_to_add_one_and_who_has_some_to_choose(alice):
    with pytest.raises(AppError) as refused:
        run_key(alice.pk, None)
    assert (refused.value.code, "Add" in refused.value.message) == ("no_key", True)
    make_key(owner=alice)
    UserProfile.objects.update(selected_api_key=None)
    with pytest.raises(AppError) as refused:
        run_key(alice.pk, None)
    assert (refused.value.code, "Choose" in refused.value.message) == ("no_key", True)
