"""What ends the use of a key: the same rule for answers that run and for those that begin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from accounts import tokens
from accounts.rights import SignIn
from apikeys.models import KeyLoan, UserApiKey
from apikeys.rights import Right, standings
from apikeys.rotation import key_rotate
from apikeys.selectors import run_key
from apikeys.services import key_put
from apikeys.verification import CheckedKey
from common.errors import AppError
from tests.people import lend, make_key, new_secret

pytestmark = pytest.mark.django_db


def past() -> Any:
    return timezone.now() - timedelta(seconds=1)


ENDS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    # what is done: the code while it runs, the code when it begins
    "key deleted": ("key_deleted", "key_not_found", lambda: UserApiKey.objects.all().delete()),
    "key off": (
        *("key_inactive", "key_inactive"),
        lambda: UserApiKey.objects.update(is_active=False),
    ),
    "key expired": (
        *("key_expired", "key_expired"),
        lambda: UserApiKey.objects.update(expires_at=past()),
    ),
}
LOAN_ENDS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "loan ended": (
        *("loan_ended", "loan_ended"),
        lambda: KeyLoan.objects.update(revoked_at=timezone.now()),
    ),
    "loan past its end": (
        *("loan_ended", "loan_ended"),
        lambda: KeyLoan.objects.update(ends_at=past()),
    ),
    "loan deleted": ("loan_ended", "key_not_found", lambda: KeyLoan.objects.all().delete()),
    "lender off": (
        *("loan_ended", "loan_ended"),
        lambda: User.objects.filter(username="alice").update(is_active=False),
    ),
    "lender deleted": (
        *("key_deleted", "key_not_found"),
        lambda: User.objects.get(username="alice").delete(),
    ),
}
GROUP_ENDS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "left the group": (
        *("loan_ended", "key_not_found"),
        lambda: User.objects.get(username="bob").groups.clear(),
    ),
    "group deleted": ("loan_ended", "key_not_found", lambda: Group.objects.all().delete()),
}


def code_of(right: Right) -> str:
    return standings({right})[right].code


def refusal(user: User, key: UserApiKey) -> str:
    with pytest.raises(AppError) as refused:
        run_key(user.pk, key.pk)
    return refused.value.code


@pytest.mark.parametrize("how", ENDS)
def test_what_ends_the_use_of_ones_own_key(alice, how):
    running, beginning, act = ENDS[how]
    key = make_key(owner=alice)
    right = Right(SignIn(alice.pk), key.pk)
    assert code_of(right) == ""
    act()
    assert (code_of(right), refusal(alice, key)) == (running, beginning)


@pytest.mark.parametrize("how", [*ENDS, *LOAN_ENDS])
def test_what_ends_the_use_of_a_lent_key(alice, bob, charlie, how):
    running, beginning, act = (ENDS | LOAN_ENDS)[how]
    key = make_key(owner=alice)
    lend(key, bob)
    right = Right(SignIn(bob.pk), key.pk)
    assert code_of(right) == ""
    assert code_of(Right(SignIn(charlie.pk), key.pk)) == "loan_ended"
    act()
    assert (code_of(right), refusal(bob, key)) == (running, beginning)


@pytest.mark.parametrize("how", [*LOAN_ENDS, *GROUP_ENDS])
def test_what_ends_the_use_of_a_key_lent_to_a_group(alice, bob, how):
    running, beginning, act = (LOAN_ENDS | GROUP_ENDS)[how]
    key, group = make_key(owner=alice), Group.objects.create(name="team")
    bob.groups.add(group)
    lend(key, group)
    right = Right(SignIn(bob.pk), key.pk)
    assert code_of(right) == ""
    act()
    assert (code_of(right), refusal(bob, key)) == (running, beginning)


def test_a_lender_who_is_back_lends_again(alice, bob):
    key = make_key(owner=alice)
    lend(key, bob)
    right = Right(SignIn(bob.pk), key.pk)
    for active in (False, True):
        User.objects.filter(pk=alice.pk).update(is_active=active)
        assert UserApiKey.objects.open_to(bob.pk).exists() is active
        assert (code_of(right) == "") is active


def test_a_loan_that_is_restricted_ends_calls_to_other_models_only(alice, bob):
    key = make_key(owner=alice)
    loan = lend(key, bob)
    names = ("gemini-3-flash", "gemini-3-flash-lite", "gemini-3-pro")
    rights = {name: Right(SignIn(bob.pk), key.pk, models=frozenset({name})) for name in names}
    assert {code_of(right) for right in rights.values()} == {""}
    KeyLoan.objects.filter(pk=loan.pk).update(allowed_models=["gemini-3-flash"], daily_tokens=5)
    assert [code_of(rights[name]) for name in names] == ["", "model_not_lent", "model_not_lent"]
    standing = standings(set(rights.values()))[rights["gemini-3-flash"]]
    assert standing.loan is not None
    assert (standing.loan.models, standing.loan.budget.daily_tokens) == (("gemini-3-flash",), 5)


def test_a_key_that_was_replaced_is_another_one_and_one_sealed_anew_is_not(alice, settings):
    key = make_key(owner=alice)
    opened = run_key(alice.pk, key.pk)
    right = Right(SignIn(alice.pk), key.pk, opened.seal_nonce)
    settings.FERNET_KEYS = [new_secret("master", 40), *settings.FERNET_KEYS]
    assert key_rotate(key=key) == "rotated"
    assert code_of(right) == ""
    key_put(key=key, checked=CheckedKey(new_secret(), {}))
    assert code_of(right) == "key_replaced"
    assert run_key(alice.pk, key.pk).secret != opened.secret


def test_the_user_comes_before_the_key(alice):
    key = make_key(owner=alice, is_active=False)
    User.objects.update(is_active=False)
    assert code_of(Right(SignIn(alice.pk), key.pk)) == "user_inactive"


def test_many_are_asked_about_together(alice, bob, charlie, django_assert_num_queries):
    key, group = make_key(owner=alice), Group.objects.create(name="team")
    charlie.groups.add(group)
    lend(key, bob)
    lend(key, group)
    off = make_key(owner=alice, name="off", is_active=False)
    users = {user.pk: Right(SignIn(user.pk), key.pk) for user in (alice, bob, charlie)}
    signed_in = tokens.authenticate(tokens.issue(bob).access).sign_in
    others = {Right(SignIn(alice.pk), off.pk), Right(signed_in), Right(signed_in, key.pk)}
    with django_assert_num_queries(5):
        found = standings({*users.values(), *others})
    assert {right for right, standing in found.items() if standing.code} == {
        Right(SignIn(alice.pk), off.pk)
    }
