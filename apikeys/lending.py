"""An owner lets others use a key: known by a label, on terms, until it is ended.

The key stays sealed for its owner; ``selectors.run_key`` alone opens it for a borrower's run, and
asks about the loan each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apikeys.audit import Actor, What, note
from apikeys.models import KeyLoan, UserApiKey
from apikeys.terms import limits_check
from common.errors import AppError, not_found
from common.keylike import refuse_key
from gemini import catalogue

LOANS_PER_KEY = 100


def loan_add(
    *,
    key: UserApiKey,
    to: User | Group,
    label: str,
    models: Sequence[str] = (),
    limits: Mapping[str, Any] | None = None,
    actor: Actor | None = None,
) -> KeyLoan:
    """Lend a key.

    Args:
        label: what borrowers see instead of the key's name.
        models: names of the models it may be used for, those that Google lists for it among them;
            none: all.
        limits: ``ends_at`` and the budget of each borrower.

    Raises:
        AppError: ``invalid`` with the field at fault, ``looks_like_key``, ``lent_already``,
            ``too_many_loans``.
    """
    refuse_key(label, field="label")
    limits_check(limits or {})
    if not all(catalogue.has_model(name) or key.model_list.resolve(name) for name in models):
        raise _invalid("allowed_models", "Choose among the models offered.")
    if to == key.user:
        raise _invalid("borrower", "This key is yours already.")
    if key.loans.filter(revoked_at=None).count() >= LOANS_PER_KEY:
        raise AppError("too_many_loans", "This key is lent too often. End a loan first.")
    side = "borrower" if isinstance(to, User) else "group"
    try:
        with transaction.atomic():
            # One that came to its end by itself makes room for the next.
            ended = KeyLoan.objects.filter(key=key, revoked_at=None, **{side: to})
            ended.filter(ends_at__lte=timezone.now()).update(revoked_at=timezone.now())
            loan = KeyLoan.objects.create(
                key=key, label=label, allowed_models=list(models), **{side: to}, **(limits or {})
            )
            note(key, What.LEND, actor, f"to {_name(to)} as “{label}”")
    # One current loan per key and borrower is a constraint of the table: two tabs that lend at once
    # are told the same as two clicks after each other.
    except IntegrityError:
        raise AppError(
            "lent_already",
            "The key is lent there already. End that loan first.",
            fields={side: ["The key is lent there already."]},
        ) from None
    return loan


def loan_revoke(*, loan: KeyLoan, actor: Actor | None = None) -> None:
    """End a loan at once: the next run with it is refused."""
    with transaction.atomic():
        changed = KeyLoan.objects.filter(pk=loan.pk, revoked_at=None).update(
            revoked_at=timezone.now()
        )
        if changed:
            note(loan.key, What.REVOKE, actor, f"to {_name(loan.borrower or loan.group)}")


def loans_of(key: UserApiKey) -> QuerySet[KeyLoan]:
    """The key's loans that nobody has ended, past ones among them."""
    return key.loans.filter(revoked_at=None).select_related("borrower", "group")


def loan_for(key: UserApiKey, loan_id: UUID) -> KeyLoan:
    """Raises ``AppError`` ``loan_not_found``."""
    loan = key.loans.select_related("borrower", "group", "key__user").filter(pk=loan_id).first()
    if loan is None:
        raise not_found("loan")
    return loan


def borrower_for(owner: User, *, username: str = "", group: str = "") -> User | Group:
    """Whom an owner means: a person by name, or a group that the owner is in.

    Raises:
        AppError: ``invalid``.
    """
    if bool(username) == bool(group):
        raise _invalid("borrower", "Name one person or one group.")
    if username:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise _invalid("borrower", "There is nobody of this name here.")
        return user
    # Only groups the owner is in: others would learn by trying which groups there are.
    own_group = owner.groups.filter(name=group).first()
    if own_group is None:
        raise _invalid("group", "You are in no group of this name.")
    return own_group


def _name(to: User | Group | None) -> str:
    return f"group {to.name}" if isinstance(to, Group) else str(to)


def _invalid(field: str, sentence: str) -> AppError:
    return AppError("invalid", sentence, fields={field: [sentence]})
