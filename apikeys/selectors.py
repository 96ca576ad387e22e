"""Reads of keys: lists that load no ciphertext, and the one key of a run."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import F, QuerySet
from django.views.decorators.debug import sensitive_variables

from accounts.models import UserProfile
from accounts.selectors import Choices, choices_of
from apikeys.audit import note_refusal
from apikeys.models import KeyLoan, UserApiKey
from apikeys.rights import key_use_ended, loans_for
from apikeys.terms import Budget, Loan
from common.errors import AppError, not_found
from gemini.catalogue import ModelList
from gemini.model_info import ModelInfo

logger = logging.getLogger(__name__)

REFUSALS_OF_OWN = {
    "key_inactive": "This key is switched off. Switch it on or choose another.",
    "key_expired": "This key is past its expiry date. Choose another key.",
}
REFUSALS_OF_LENT = {
    "key_inactive": "This key was switched off by its owner. Choose another one.",
    "key_expired": "This lent key is past its expiry date. Choose another one.",
    "key_unreadable": "This lent key cannot be used at present. Choose another one.",
}


@dataclass(frozen=True, slots=True)
class RunKey:
    """An opened key, for one run and no longer than that.

    Args:
        name: what the user of the run knows the key by: its own name for the owner, for a borrower
            the label it was lent under.
        budget: counts everybody's use of the key.
        models: what is known of those it can be used for.
        seal_nonce: names the secret that was opened; another one by now means another secret.
    """

    id: UUID
    owner_id: int
    name: str
    secret: str = field(repr=False)
    budget: Budget = field(default_factory=Budget)
    loan: Loan | None = None
    models: ModelList = field(default_factory=ModelList)
    seal_nonce: str = ""

    def allows(self, model: str) -> bool:
        """Whether a model, by name or by API id, may be used with this key."""
        return self.loan is None or self.loan.allows(model)


def keys_of(user_id: int) -> QuerySet[UserApiKey]:
    """The user's keys, oldest first; the ciphertext stays in the database."""
    return UserApiKey.objects.filter(user_id=user_id)


def key_for(user: User, key_id: UUID) -> UserApiKey:
    """The user's own key, for a change.

    Raises:
        AppError: ``key_not_found``, the same for a foreign key and for none.
    """
    key = keys_of(user.pk).filter(pk=key_id).first()
    if key is None:
        raise not_found("key")
    return key


def selected_key_id(user_id: int) -> UUID | None:
    chosen = UserProfile.objects.filter(user_id=user_id).values_list("selected_api_key", flat=True)
    return chosen.first()


def _no_key(user_id: int) -> AppError:
    if keys_of(user_id).exists():  # one that is switched off is not the chosen one any more
        message = "No key is chosen, or the chosen one was switched off. Choose one under Keys."
    else:
        message = "Add a Gemini key under Keys before you start."
    return AppError("no_key", message)


@sensitive_variables()
def run_key(user_id: int, key_id: UUID | None) -> RunKey:
    """The key a run of this user works with; without ``key_id`` the one selected in the profile.

    Call it outside a transaction that a refusal rolls back: refusals are noted.

    Raises:
        AppError: ``no_key``, ``key_not_found``, ``key_inactive``, ``key_expired``,
            ``key_unreadable`` or ``loan_ended``. No other key is ever used instead.
    """
    wanted = key_id or selected_key_id(user_id)
    if wanted is None:
        raise _no_key(user_id)
    key = UserApiKey.objects.defer(None).filter(pk=wanted).first()
    if key is None:
        raise not_found("key")
    loan = None if key.user_id == user_id else _loan(key, user_id)
    refusal = _refusal(key, loan)
    if refusal is not None:
        note_refusal(key, user_id, refusal.code)
        raise refusal
    try:
        secret = key.get_decrypted_key()
    except AppError as error:
        logger.error("The key %s of user %s does not open (%s).", key.id, key.user_id, error.code)
        UserApiKey.objects.filter(pk=key.pk).update(status=UserApiKey.Status.UNREADABLE)
        note_refusal(key, user_id, error.code)
        if loan:  # whose key it is, and what the owner calls it, is nobody else's business
            raise AppError(error.code, REFUSALS_OF_LENT[error.code], status=error.status) from None
        raise
    terms = Loan.of(loan) if loan else None
    return RunKey(
        id=key.id,
        owner_id=key.user_id,
        name=loan.label if loan else key.name,
        secret=secret,
        budget=Budget.of(key),
        loan=terms,
        models=key.model_list,
        seal_nonce=key.seal_nonce,
    )


@sensitive_variables()
def run_keys(user_id: int, key_id: UUID | None, choices: Choices | None = None) -> list[RunKey]:
    """``run_key``, and after it the keys that the user named to go on with, in their order.

    Of those, keys that cannot be used at present are left out.

    Args:
        choices: the user's, where they are at hand already.

    Raises:
        AppError: as ``run_key``, about the first key only.
    """
    choices = choices or choices_of(user_id)
    keys = [run_key(user_id, key_id or choices.key_id)]
    for further in choices.fallback_key_ids:
        if any(key.id == further for key in keys):
            continue
        try:
            keys.append(run_key(user_id, further))
        except AppError as error:
            logger.info("Key %s is no way out for user %s: %s", further, user_id, error.code)
    return keys


def check_model(key: RunKey, model_name: str) -> None:
    """Before a run begins: whether its key is known not to have a model.

    Raises:
        AppError: ``model_not_available``, but never while Google's list for the key is not known;
            ``billing_required``.
    """
    model = key.models.info(model_name)
    if key.models.lists(model) is False:
        sentence = f"This key cannot use {model.label}. Choose another model, or another key."
        raise AppError("model_not_available", sentence, status=403)
    if key.models.lacks_billing(model):
        sentence = (
            f"{model.label} needs a key with billing, and Google gives this key no quota for it. "
            "Choose another model, or set up billing in Google AI Studio and verify the key."
        )
        raise AppError("billing_required", sentence, status=403)


def loan_to(user_id: int, key_id: UUID) -> KeyLoan | None:
    """The loan under which the user may use this key now; their own goes before a group's."""
    return loans_for({(user_id, key_id)}).get((user_id, key_id))


def loans_to(user_id: int) -> list[KeyLoan]:
    """What is lent to the user now, one loan per key; the key's secret stays where it is."""
    loans = KeyLoan.objects.current().to(user_id).select_related("key").defer("key__encrypted_key")
    ordered = loans.order_by(F("borrower").asc(nulls_last=True), "created_at")
    return list({loan.key_id: loan for loan in reversed(list(ordered))}.values())[::-1]


def _loan(key: UserApiKey, user_id: int) -> KeyLoan:
    """Raises ``AppError``: nobody is told of a key that was never lent to them."""
    loan = loan_to(user_id, key.pk)
    # Ended is told only to those to whom the key was lent: for all others there is no such key.
    if loan is None:
        if KeyLoan.objects.to(user_id).filter(key=key).exists():
            note_refusal(key, user_id, "loan_ended")
            raise AppError("loan_ended", "This key is not lent to you any more. Choose another.")
        raise not_found("key")
    return loan


def _refusal(key: UserApiKey, loan: KeyLoan | None) -> AppError | None:
    code = key_use_ended(key, loan, is_lent=loan is not None)
    return AppError(code, (REFUSALS_OF_LENT if loan else REFUSALS_OF_OWN)[code]) if code else None


@dataclass(frozen=True, slots=True)
class KeyModels:
    """What is known of the models of a key.

    ``lent``: the names of the models that a loan allows; empty: all.
    """

    models: ModelList = field(default_factory=ModelList)
    lent: tuple[str, ...] = ()

    def refusal(self, model: ModelInfo) -> str:
        """Why the key may not be used for ``model``: ``not_lent``, ``not_listed`` or
        ``billing_required``; empty if nothing is known that speaks against it.
        """
        if self.lent and model.name not in self.lent:
            return "not_lent"
        if self.models.lists(model) is False:
            return "not_listed"
        return "billing_required" if self.models.lacks_billing(model) else ""

    def available(self, model: ModelInfo) -> bool | None:
        """Whether the key may be used for ``model``; None: not known."""
        return False if self.refusal(model) else self.models.lists(model)


def models_of_selected(user_id: int) -> KeyModels:
    """What is known of the user's selected key, an own or a lent one; nothing, if it is neither."""
    key_id = selected_key_id(user_id)
    key = UserApiKey.objects.filter(pk=key_id).first() if key_id else None
    if key is None:
        return KeyModels()
    if key.user_id == user_id:
        return KeyModels(key.model_list)
    loan = loan_to(user_id, key.pk)
    return KeyModels(key.model_list, tuple(loan.allowed_models)) if loan else KeyModels()
