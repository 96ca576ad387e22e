"""What the audit records however it comes about."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from accounts.services import key_chosen
from apikeys.audit import Actor, KeyAudit, Via, What, note
from apikeys.models import UserApiKey


@receiver(key_chosen, dispatch_uid="apikeys.note_choice")
def note_choice(user: User, key: UserApiKey, actor: Actor | None, **kwargs: Any) -> None:
    note(key, What.SELECT, actor or Actor.of(user))


@receiver(pre_delete, sender=UserApiKey, dispatch_uid="apikeys.note_end_with_owner")
def note_end_with_owner(instance: UserApiKey, origin: Any, **kwargs: Any) -> None:
    """Keys that go because their owner goes; other deletions are noted by who does them."""
    model = getattr(origin, "model", type(origin))
    if not issubclass(model, UserApiKey):
        # No reference to the owner, whose row is about to go.
        KeyAudit.objects.create(
            via=Via.ADMIN,
            owner_name=instance.user.get_username(),
            key_id=instance.pk,
            key_name=instance.name,
            what=What.DELETE,
            detail="with its owner",
        )
