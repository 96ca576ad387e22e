"""Reads about users and their profiles."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import User

from accounts.models import UserProfile

FALLBACK_KEYS = "fallback_keys"


def profile_of(user: User) -> UserProfile:
    """The user's profile; made here for a user that came in bulk, past every signal."""
    try:
        return user.profile
    except UserProfile.DoesNotExist:
        return UserProfile.objects.get_or_create(user=user)[0]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user has chosen for the runs to come."""

    key_id: UUID | None
    fallback_key_ids: tuple[UUID, ...]
    ai_model: str


def choices_of(user_id: int) -> Choices:
    """The user's choices, in one query."""
    columns = ("selected_api_key", "preferences", "ai_model")
    row = UserProfile.objects.filter(pk=user_id).values_list(*columns).first()
    if row is None:
        return Choices(None, (), "")
    key_id, preferences, ai_model = row
    return Choices(key_id, tuple(map(UUID, preferences.get(FALLBACK_KEYS, []))), ai_model)


def fallback_key_ids(user_id: int) -> list[UUID]:
    """The keys that the user's runs may go on with, in order, when one is out of quota."""
    return list(choices_of(user_id).fallback_key_ids)


def current_version(user_id: int) -> int:
    """The version that new tokens carry, read now: a user at hand may hold an older profile."""
    versions = UserProfile.objects.filter(pk=user_id).values_list("token_version", flat=True)
    return versions.first() or 0


def token_version(user: User) -> int:
    """The version on the profile loaded with ``user``; 0 as long as there is none."""
    try:
        return user.profile.token_version
    except UserProfile.DoesNotExist:
        return 0
