"""Writes down what happens to keys, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone

from apikeys.models import KeyAudit, UserApiKey

What = KeyAudit.What
Via = KeyAudit.Via

QUIET = timedelta(minutes=1)  # a client that asks again and again fills no table


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and through which door; without ``user_id`` the operator at a shell."""

    via: str
    user_id: int | None = None
    name: str = ""

    @classmethod
    def of(cls, user: User, via: str = Via.API) -> Actor:
        return cls(via, user.pk, user.get_username())


OPERATOR = Actor(Via.COMMAND)


def note(key: UserApiKey, what: str, by: Actor | None = None, detail: str = "") -> None:
    """Write one line of the audit. Without ``by`` it was the owner."""
    by = by or Actor.of(key.user)
    KeyAudit.objects.create(
        actor_id=by.user_id,
        actor_name=by.name,
        via=by.via,
        owner_id=key.user_id,
        owner_name=key.user.get_username(),
        key_id=key.pk,
        key_name=key.name,
        what=what,
        detail=detail[:200],
    )


def note_refusal(key: UserApiKey, user_id: int, code: str) -> None:
    """Note that a run was refused this key, unless the same was noted a moment ago."""
    same = KeyAudit.objects.filter(
        key_id=key.pk, actor_id=user_id, what=What.USE_REFUSED, detail=code
    )
    if same.filter(at__gt=timezone.now() - QUIET).exists():
        return
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        note(key, What.USE_REFUSED, Actor.of(user, Via.RUN), code)


def audit_of(owner_id: int) -> QuerySet[KeyAudit]:
    """What happened to this owner's keys, the newest first; deleted keys are among them."""
    return KeyAudit.objects.filter(owner_id=owner_id)
