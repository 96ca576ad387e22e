"""What must happen however a user is made or changed: command line, admin, REST, shell."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import F
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver

from accounts.models import UserProfile

ENDS_TOKENS = {"password", "is_active"}


@receiver(pre_save, sender=get_user_model(), dispatch_uid="accounts.end_tokens")
def end_tokens(instance: User, raw: bool, update_fields: Any, **kwargs: Any) -> None:
    """A changed password or a deactivation ends every token issued before.

    So does a stronger hash made at sign-in, once: the row cannot tell it from a new password.
    """
    if raw or instance.pk is None:
        return
    if update_fields is not None and not ENDS_TOKENS.intersection(update_fields):
        return
    # Compared with the row: the instance may have been loaded before somebody else changed it.
    before = get_user_model().objects.filter(pk=instance.pk).values("password", "is_active").first()
    if before is None:
        return
    if before["password"] != instance.password or (before["is_active"] and not instance.is_active):
        UserProfile.objects.get_or_create(user_id=instance.pk)
        # Added up in the database: of two changes at once both must count, or tokens issued between
        # them would outlive the second.
        UserProfile.objects.filter(pk=instance.pk).update(token_version=F("token_version") + 1)
        # The profile that hangs on this instance would still carry the old version.
        instance._state.fields_cache.pop("profile", None)


@receiver(post_save, sender=get_user_model(), dispatch_uid="accounts.make_profile")
def make_profile(instance: User, created: bool, raw: bool, **kwargs: Any) -> None:
    if created and not raw:  # a restored backup brings its own profiles
        UserProfile.objects.get_or_create(user=instance)
