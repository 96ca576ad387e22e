"""What can be done with an account. Signals keep the tokens in step with passwords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate as check_password
from django.contrib.auth.models import User, update_last_login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.dispatch import Signal
from django.views.decorators.debug import sensitive_variables

from accounts import audit, tokens
from accounts.models import UserProfile
from accounts.selectors import FALLBACK_KEYS, profile_of
from accounts.throttle import attempt_succeeded, throttle_attempt
from common.deletion import delete_with_retry
from common.errors import AppError, not_found
from common.keylike import refuse_key
from gemini import catalogue, model_info
from gemini.voices import is_voice

# Sent in the transaction of the choice, with ``user``, ``key``, ``actor``: keys are another app's.
key_chosen = Signal()
# Sent in the transaction that deletes ``user``: lock the rows that running answers write to.
user_deletion = Signal()


@sensitive_variables()
def sign_in(*, username: str, password: str, address: str) -> tokens.TokenPair:
    """Tokens for the right password.

    Raises:
        AppError: ``wrong_credentials`` (401), or ``too_many_attempts`` (429).
    """
    # Counted before the password is hashed: that is what costs (0.4 s of CPU time), and five a
    # second would fill two cores.
    attempt = throttle_attempt(address=address, name=username)
    user = check_password(username=username, password=password)
    if not isinstance(user, User):
        raise AppError(
            "wrong_credentials",
            "User name and password do not match, or the account is switched off.",
            status=401,
        )
    attempt_succeeded(attempt)
    update_last_login(User, user)
    return tokens.issue(user)


@sensitive_variables()
def register(*, username: str, password: str, email: str, address: str) -> tokens.TokenPair:
    """A new account, signed in.

    Raises:
        AppError: ``registration_closed`` (403), ``too_many_attempts`` (429) or ``invalid``.
    """
    if not settings.ALLOW_REGISTRATION:
        raise AppError(
            "registration_closed", "Ask the operator of this server for an account.", status=403
        )
    throttle_attempt(address=address)
    refuse_key(username, field="username")
    refuse_key(email, field="email")
    user = User(username=username, email=email)
    _validate_password(password, user, field="password")
    user.set_password(password)
    user.full_clean()
    # The column is unique by letter: "Ann" and "ann" would be two people who cannot be told apart.
    if User.objects.filter(username__iexact=user.username).exists():
        raise _name_taken()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise _name_taken() from None
    return tokens.issue(user)


@sensitive_variables()
def password_change(
    *, user: User, current_password: str, new_password: str, address: str
) -> tokens.TokenPair:
    """Set a new password: every other sign-in ends, and this one goes on with the new tokens.

    Raises:
        AppError: ``invalid`` with the field at fault, or ``too_many_attempts`` (429).
    """
    attempt = throttle_attempt(address=address, name=user.get_username())
    if not user.check_password(current_password):
        raise _invalid("current_password", ["This is not your current password."])
    attempt_succeeded(attempt)
    _validate_password(new_password, user, field="new_password")
    user.set_password(new_password)
    user.save(update_fields=["password"])
    return tokens.issue(user)


def sessions_end(*, user: User) -> None:
    """Sign out everywhere."""
    UserProfile.objects.get_or_create(user_id=user.pk)
    UserProfile.objects.filter(pk=user.pk).update(token_version=F("token_version") + 1)


def user_delete(*, user: User, actor: User) -> None:
    """Delete an account with all that belongs to it; its running answers lose their log."""
    user_id = user.pk

    def delete() -> None:
        # Threads and runs before the user, as writers do: one that has locked its run may refer to
        # its owner next, and the other way round both would wait for each other.
        user_deletion.send(sender=User, user=user)
        row = User.objects.select_for_update().filter(pk=user_id).first()
        if row is None:
            return
        # Nobody adds a row to this user any more; what was added before the lock is locked now.
        user_deletion.send(sender=User, user=row)
        audit.note(row, audit.What.DELETE, actor=actor)
        row.delete()

    delete_with_retry(delete)


def profile_choose_model(*, user: User, name: str) -> None:
    """Choose a model of the catalogue, or one that Google lists for a key of the user's.

    Raises:
        AppError: ``invalid`` for a model that cannot be chosen.
    """
    if all(model.name != name for model in models_offered(user.pk)):
        raise _invalid("ai_model", ["Choose one of the models offered."])
    profile_of(user)
    UserProfile.objects.filter(pk=user.pk).update(ai_model=name)


def models_offered(user_id: int) -> list[model_info.ModelInfo]:
    """The models for conversation that a user can choose: the catalogue's, and what else Google
    lists for a key that is open to the user.
    """
    keys = _key_model().objects.open_to(user_id)
    listed = (model for key in keys for model in key.model_list.models("chat"))
    return list({model.name: model for model in (*catalogue.chat_models(), *listed)}.values())


def profile_choose_key(*, user: User, key_id: UUID | None, actor: object = None) -> None:
    """Select the key that the user's runs work with, an own or a lent one; None selects none.

    Args:
        actor: who does it, if not the user; handed on to ``key_chosen``.

    Raises:
        AppError: ``key_not_found`` (404), the same for a foreign key and for none, or
            ``key_inactive``.
    """
    profile_of(user)
    if key_id is not None:
        key = _key_model().objects.open_to(user.pk).filter(pk=key_id).first()
        if key is None:
            raise not_found("key")
        if not key.is_active:
            raise AppError("key_inactive", "This key is switched off. Switch it on first.")
    with transaction.atomic():
        UserProfile.objects.filter(pk=user.pk).update(selected_api_key=key_id)
        if key_id is not None:
            key_chosen.send(sender=UserProfile, user=user, key=key, actor=actor)


def profile_choose_fallbacks(*, user: User, key_ids: list[UUID]) -> None:
    """Name the keys that the user's runs may go on with when one is out of quota; none is off.

    Raises:
        AppError: ``invalid``, or ``key_not_found`` (404) for one that is not open to the user.
    """
    if len(set(key_ids)) != len(key_ids):
        raise _invalid("fallback_keys", ["Name each key once."])
    known = set(_key_model().objects.open_to(user.pk).values_list("pk", flat=True))
    if not known.issuperset(key_ids):
        raise not_found("key")
    _update_preferences(user, {FALLBACK_KEYS: [str(key_id) for key_id in key_ids]})


def profile_choose_answers(*, user: User, choices: Mapping[str, Any]) -> None:
    """Choose how answers are made; what is not named stays.

    Args:
        choices: any of ``tools``, ``thinking``, ``voice``, ``warn_above_tokens``,
            ``instructions``.

    Raises:
        AppError: ``invalid``, for what is not on offer; ``looks_like_key``, for instructions with
            a key in them.
    """
    choices = dict(choices)
    if not set(choices.get("tools", ())).issubset(model_info.TOOLS):
        raise _invalid("tools", ["Choose among the tools offered."])
    if choices.get("thinking", "auto") not in model_info.THINKING:
        raise _invalid("thinking", ["Choose one of the levels offered."])
    if "voice" in choices and not is_voice(choices["voice"]):
        raise _invalid("voice", ["Choose one of the voices offered."])
    refuse_key(choices.get("instructions", ""), field="instructions")
    if "tools" in choices:  # each once, in one order
        choices["tools"] = [tool for tool in model_info.TOOLS if tool in choices["tools"]]
    _update_preferences(user, choices)


def fallbacks_of(user_id: int, named: Sequence[UUID]) -> list[UUID]:
    """The keys named by ``profile_choose_fallbacks`` that are still open to the user."""
    if not named:
        return []
    usable = _key_model().objects.open_to(user_id).filter(pk__in=named)
    usable_ids = set(usable.values_list("pk", flat=True))
    return [key_id for key_id in named if key_id in usable_ids]


def _update_preferences(user: User, preferences: Mapping[str, Any]) -> None:
    profile_of(user)
    with transaction.atomic():
        # One JSON column for all preferences: two tabs that change one each would otherwise undo
        # each other's.
        profile = UserProfile.objects.select_for_update().get(pk=user.pk)
        profile.preferences.update(preferences)
        profile.save(update_fields=["preferences"])


def _key_model() -> Any:
    """The model of keys, known by name only: that app stands above this one."""
    return UserProfile._meta.get_field("selected_api_key").related_model


@sensitive_variables()
def _validate_password(password: str, user: User, *, field: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise _invalid(field, error.messages) from None


def _name_taken() -> AppError:
    return _invalid("username", ["This name is taken. Choose another one."])


def _invalid(field: str, sentences: list[str]) -> AppError:
    return AppError("invalid", sentences[0], fields={field: sentences})
