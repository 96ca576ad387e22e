"""What ends a sign-in, and that nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts import services, tokens
from accounts.models import RefreshFamily
from accounts.rights import SignIn, sign_in_check, sign_ins_ended, sign_ins_of
from common.errors import AppError
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db

Act = Callable[[User, tokens.TokenPair], Any]


def sign_in(user: User) -> tuple[SignIn, tokens.TokenPair]:
    pair = tokens.issue(user)
    return tokens.authenticate(pair.access).sign_in, pair


def reuse(user: User, pair: tokens.TokenPair) -> None:
    """Somebody uses a refresh token that was used long ago."""
    tokens.renew(tokens.renew(pair.refresh).refresh)
    with pytest.raises(AppError):
        tokens.renew(pair.refresh)


def change_password(user: User, pair: tokens.TokenPair) -> None:
    words = {"current_password": PASSWORD, "new_password": f"{PASSWORD} 2"}
    services.password_change(user=user, **words, address="127.0.0.1")


def run_out(user: User, pair: tokens.TokenPair) -> None:
    past = timezone.now() - timedelta(seconds=1)
    RefreshFamily.objects.filter(user=user).update(expires_at=past)


THIS_ONE: dict[str, tuple[str, Act]] = {
    "signed out": ("signed_out", lambda user, pair: tokens.revoke(pair.refresh)),
    "reused refresh token": ("signed_out", reuse),
}
ALL: dict[str, tuple[str, Act]] = {
    "signed out everywhere": ("signed_out", lambda user, pair: services.sessions_end(user=user)),
    "new password": ("signed_out", change_password),
    "past its end": ("signed_out", run_out),
    "switched off": (
        "user_inactive",
        lambda user, pair: (setattr(user, "is_active", False), user.save()),
    ),
    "switched off by query": (
        "user_inactive",
        lambda user, pair: User.objects.filter(pk=user.pk).update(is_active=False),
    ),
    "deleted": ("user_deleted", lambda user, pair: User.objects.get(pk=user.pk).delete()),
}


@pytest.mark.parametrize("how", [*THIS_ONE, *ALL])
def test_what_ends_a_sign_in_is_told_by_its_code(alice, bob, how):
    code, act = (THIS_ONE | ALL)[how]
    here, pair = sign_in(alice)
    there, bobs = sign_in(alice)[0], sign_in(bob)[0]
    assert sign_ins_ended({here, there, bobs}) == {}
    act(alice, pair)
    also = {there: code} if how in ALL else {}
    assert sign_ins_ended({here, there, bobs}) == {here: code} | also
    with pytest.raises(AppError) as refused:
        sign_in_check(here)
    assert (refused.value.code, refused.value.status) == ("not_authenticated", 401)
    with pytest.raises(AppError):
        tokens.authenticate(pair.access)


def test_a_refresh_ends_nothing(alice):
    here, pair = sign_in(alice)
    renewed = tokens.authenticate(tokens.renew(pair.refresh).access).sign_in
    assert renewed == here
    sign_in_check(here)


def test_an_account_that_is_back_does_not_bring_its_sign_ins_back(alice):
    here, _ = sign_in(alice)
    for active in (False, True):
        alice.is_active = active
        alice.save()
    assert sign_ins_ended({here}) == {here: "signed_out"}
    assert here not in sign_ins_of(alice)


def test_somebody_elses_family_is_none_of_mine(alice, bob):
    here, bobs = sign_in(alice)[0], sign_in(bob)[0]
    mixed = SignIn(alice.pk, here.token_version, bobs.family_id)
    assert sign_ins_ended({mixed}) == {mixed: "signed_out"}


def test_at_the_command_line_the_user_alone_counts(alice):
    here = SignIn(alice.pk)
    services.sessions_end(user=alice)
    assert sign_ins_ended({here}) == {}
    User.objects.update(is_active=False)
    assert sign_ins_ended({here}) == {here: "user_inactive"}


def test_many_are_asked_about_in_two_queries(alice, bob, django_assert_num_queries):
    sign_ins = {sign_in(user)[0] for user in (alice, bob) for _ in range(5)}
    with django_assert_num_queries(2):
        assert sign_ins_ended(sign_ins) == {}
