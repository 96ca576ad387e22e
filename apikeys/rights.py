"""Whether what somebody does still rests on a right: a sign-in, and a key where one is used.

This is the one rule. What runs is checked by it every second (``agents.runs.rights``), what begins
is checked before (``selectors.run_key``, ``accounts.rights.sign_in_check``). A rule of its own at
one door would be the gap: a key that was switched off, and still answers on an open socket. Rights
are checked together, in a few queries however many they are, so that once a second is affordable.
A right that ended has a code, the same that an answer ends with.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.rights import SignIn, sign_ins_ended
from apikeys.models import KeyLoan, UserApiKey
from apikeys.terms import Budget, Loan

KEY_DELETED, KEY_INACTIVE, KEY_EXPIRED = "key_deleted", "key_inactive", "key_expired"
KEY_REPLACED = "key_replaced"
LOAN_ENDED, MODEL_NOT_LENT = "loan_ended", "model_not_lent"

Use = tuple[int, UUID]
"""Who uses a key, and which."""


@dataclass(frozen=True, slots=True)
class Right:
    """What somebody acts by.

    Args:
        key_id: of the key that is used; None: the sign-in is all.
        seal_nonce: of the key when it was opened; another one by now means another secret.
        models: API ids of the models that are being asked with that key.
    """

    sign_in: SignIn
    key_id: UUID | None = None
    seal_nonce: str = ""
    models: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Standing:
    """What has become of a right.

    Args:
        code: what ended it; empty while it stands.
        budget: of its key, as it is now; None where no key is used.
        loan: under which the key is used, as it is now; None for one's own.
    """

    code: str = ""
    budget: Budget | None = None
    loan: Loan | None = None


def standings(rights: Collection[Right]) -> dict[Right, Standing]:
    """What has become of these rights; five queries, however many they are."""
    ended = sign_ins_ended({right.sign_in for right in rights})
    uses = {(right.sign_in.user_id, right.key_id) for right in rights if right.key_id}
    # Asked every second, and never about Google's list of models, which can be long.
    keys = UserApiKey.objects.defer("listed_models").in_bulk({key_id for _, key_id in uses})
    lent = {use for use in uses if use[1] in keys and keys[use[1]].user_id != use[0]}
    loans = loans_for(lent) if lent else {}
    return {
        right: Standing(ended[right.sign_in])
        if right.sign_in in ended
        else _standing(right, keys, loans)
        for right in rights
    }


def _standing(right: Right, keys: dict[UUID, UserApiKey], loans: dict[Use, KeyLoan]) -> Standing:
    if right.key_id is None:
        return Standing()
    user_id = right.sign_in.user_id
    key, loan = keys.get(right.key_id), loans.get((user_id, right.key_id))
    code = key_use_ended(key, loan, is_lent=key is not None and key.user_id != user_id)
    if code or key is None:
        return Standing(code)
    # Another secret has another nonce. A rotation of master keys seals the same one anew and keeps
    # the nonce, so that it ends no answer; it gives one to a row of before there were any.
    if right.seal_nonce and right.seal_nonce != key.seal_nonce:
        return Standing(KEY_REPLACED)
    terms = Loan.of(loan) if loan else None
    if terms and not all(terms.allows(model) for model in right.models):
        return Standing(MODEL_NOT_LENT)
    return Standing("", Budget.of(key), terms)


def key_use_ended(key: UserApiKey | None, loan: KeyLoan | None, *, is_lent: bool) -> str:
    """The code of what ended the use of a key; empty while it may be used.

    Args:
        loan: the current one, if the key is somebody else's.
    """
    if key is None:
        return KEY_DELETED
    # Before the state of the key: what becomes of a key is its owner's and its borrowers' business.
    if is_lent and loan is None:
        return LOAN_ENDED
    if not key.is_active:
        return KEY_INACTIVE
    return KEY_EXPIRED if key.is_expired else ""


def loans_for(uses: Collection[Use]) -> dict[Use, KeyLoan]:
    """The loans under which others' keys are used now, one for each use; two queries.

    A loan to the user goes before one to a group, then the older one.
    """
    users, key_ids = {user_id for user_id, _ in uses}, {key_id for _, key_id in uses}
    loans = KeyLoan.objects.current().filter(key__in=key_ids).order_by("created_at")
    to_groups = loans.filter(group__user__in=users).annotate(used_by=F("group__user"))
    to_users = loans.filter(borrower__in=users).annotate(used_by=F("borrower"))
    by_use: dict[Use, KeyLoan] = {}
    for loan in chain[Any](to_users, to_groups):
        by_use.setdefault((loan.used_by, loan.key_id), loan)
    return by_use
