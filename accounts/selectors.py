"""Reads about users and their profiles."""

from __future__ import annotations

from django.contrib.auth.models import User

from accounts.models import UserProfile


def profile_of(user: User) -> UserProfile:
    """The user's profile; made here for a user that came in bulk, past every signal."""
    try:
        return user.profile
    except UserProfile.DoesNotExist:
        return UserProfile.objects.get_or_create(user=user)[0]


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
