"""Whether a sign-in still stands, and what ended it: the one rule that every door asks.

A sign-in stands while its user exists and is active, the token version is the profile's, and its
family is neither revoked nor past its end. A lost connection or an access token that ran out ends
nothing: the family goes on with the next refresh.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import RefreshFamily
from accounts.selectors import token_version
from common.errors import AppError

USER_DELETED, USER_INACTIVE, SIGNED_OUT = "user_deleted", "user_inactive", "signed_out"


@dataclass(frozen=True, slots=True)
class SignIn:
    """Who acts, and since which sign-in.

    Without a family it is somebody at the server's own command line, who can sign out of nothing:
    the user alone counts.
    """

    user_id: int
    token_version: int | None = None
    family_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What a sign-in is held against; ``is_open`` is about its family."""

    is_active: bool
    token_version: int
    is_open: bool


def not_authenticated() -> AppError:
    """The one answer to every token that is not good, so that it teaches nobody anything."""
    return AppError("not_authenticated", "Sign in to continue.", status=401)


def sign_in_ended(sign_in: SignIn, account: Account | None) -> str:
    """The code of what ended a sign-in; empty while it stands."""
    if account is None:
        return USER_DELETED
    if not account.is_active:
        return USER_INACTIVE
    # The version ends all sign-ins of a user at once, the family ends one of them. Switched on
    # again, a user gets none of them back: switching off raised the version.
    is_current = sign_in.token_version in (None, account.token_version)
    is_open = sign_in.family_id is None or account.is_open
    return "" if is_current and is_open else SIGNED_OUT


def sign_ins_ended(sign_ins: Collection[SignIn]) -> dict[SignIn, str]:
    """Of these sign-ins, those that ended, each with its code; two queries."""
    # The rows alone say so, read at every check. A signal or a message that tells of the end would
    # be quicker, and would not reach a process that was paused, a row changed by hand, or a lost
    # message. Two queries for all that runs in a process make it affordable once a second.
    users = get_user_model().objects.filter(pk__in={sign_in.user_id for sign_in in sign_ins})
    columns = ("pk", "is_active", "profile__token_version")
    accounts = {pk: (active, version or 0) for pk, active, version in users.values_list(*columns)}
    family_ids = {sign_in.family_id for sign_in in sign_ins if sign_in.family_id}
    # With the user: a family of somebody else, put into a token, is none.
    families = set(open_families().filter(pk__in=family_ids).values_list("pk", "user_id"))
    ended = {}
    for sign_in in sign_ins:
        row = accounts.get(sign_in.user_id)
        is_open = (sign_in.family_id, sign_in.user_id) in families
        code = sign_in_ended(sign_in, Account(*row, is_open) if row else None)
        if code:
            ended[sign_in] = code
    return ended


def sign_in_check(sign_in: SignIn) -> None:
    """Before something new begins.

    Raises:
        AppError: ``not_authenticated`` (401), whatever ended the sign-in.
    """
    if sign_ins_ended({sign_in}):
        raise not_authenticated()


def sign_ins_of(user: User) -> list[SignIn]:
    """All that can be sign-ins of the user now: no other one stands. One query with the profile."""
    if not user.is_active:
        return []
    version = token_version(user)
    families = open_families().filter(user=user).values_list("pk", flat=True)
    return [SignIn(user.pk, version, family_id) for family_id in families]


def open_families() -> QuerySet[RefreshFamily]:
    return RefreshFamily.objects.filter(revoked_at=None, expires_at__gt=timezone.now())
