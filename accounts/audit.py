"""Writes down what is done to accounts, and notifies people of what others did to theirs."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import F, QuerySet
from django.utils import timezone

from accounts.models import AccountAudit

What = AccountAudit.What
Via = AccountAudit.Via

SENTENCES = {
    What.PASSWORD: "An administrator set a new password for your account.",
    What.RIGHTS: "An administrator changed what your account may do.",
    What.CHANGE: "An administrator changed the name or address of your account.",
    What.ACTIVATE: "An administrator switched your account on again.",
    What.DEACTIVATE: "An administrator switched your account off.",
}
ADVICE = "If you did not expect this, talk to them, and choose a new password."


def note(user: User, what: str, *, actor: User, via: str = Via.ADMIN, detail: str = "") -> None:
    """Write one line of the audit, in the transaction of what it tells."""
    AccountAudit.objects.create(
        actor=None if what == What.DELETE and actor == user else actor,
        actor_name=actor.get_username(),
        via=via,
        user=None if what == What.DELETE else user,
        user_name=user.get_username(),
        what=what,
        detail=detail[:200],
    )


def notices_of(user: User) -> QuerySet[AccountAudit]:
    """What others did to this account and its user has not read of, the newest first."""
    return user.account_audit.filter(read_at=None, what__in=SENTENCES).exclude(actor=F("user"))


def notices_mark_read(user: User, *, up_to: int) -> None:
    """Mark the notices with ids up to ``up_to`` as read; what came later stays."""
    notices_of(user).filter(pk__lte=up_to).update(read_at=timezone.now())


def sentence_of(entry: AccountAudit) -> str:
    return f"{SENTENCES[What(entry.what)]} {ADVICE}"
