"""What the key commands share: find the person and the key that were named."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.core.management.base import CommandError

from apikeys.models import UserApiKey
from apikeys.selectors import keys_of


def person(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise CommandError(f"There is no user named {username}.")
    return user


def key_named(owner: User, name_or_id: str) -> UserApiKey:
    keys = keys_of(owner.pk).select_related("user")
    key = keys.filter(name=name_or_id).first()
    if key is None:
        try:
            key = keys.filter(pk=UUID(name_or_id)).first()
        except ValueError:
            key = None
    if key is None:
        raise CommandError(f"{owner.username} has no key of this name or id. See: listkeys")
    return key
