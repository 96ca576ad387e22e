"""A user's Gemini keys."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from apikeys.fields import SealedKeyField
from apikeys.seal import SealedKey, Unreadable, open_key
from common.errors import AppError


class KeyManager(models.Manager["UserApiKey"]):
    """Leaves the ciphertext where it is: only what opens a key loads it."""

    def get_queryset(self) -> models.QuerySet[UserApiKey]:
        return super().get_queryset().defer("encrypted_key")


class UserApiKey(models.Model):
    """One Gemini key of one user, sealed."""

    class Status(models.TextChoices):
        ACTIVE = "active", "works"
        UNVERIFIED = "unverified", "not checked yet"
        INVALID = "invalid", "refused by Google"
        BLOCKED = "blocked", "blocked by Google"
        QUOTA = "quota", "out of quota"
        UNREADABLE = "unreadable", "cannot be read: enter it again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    encrypted_key = SealedKeyField(editable=False)
    is_active = models.BooleanField(default=True)
    tail = models.CharField(max_length=4, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.UNVERIFIED)
    status_detail = models.CharField(max_length=200, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = KeyManager()

    class Meta:
        db_table = "user_api_keys"
        ordering = ["created_at", "id"]
        verbose_name = "API key"
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="user_api_keys_one_per_name"),
            models.UniqueConstraint(
                fields=["user", "fingerprint"], name="user_api_keys_no_duplicates"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (…{self.tail})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; the sealed key of an existing row only if ``update_fields`` names it.

        A stale instance would otherwise bring a replaced key back.
        """
        if not self._state.adding and not args and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = [
                field.name
                for field in self._meta.concrete_fields
                if not field.primary_key and field.name not in {"encrypted_key", "fingerprint"}
            ]
        super().save(*args, **kwargs)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @sensitive_variables()
    def get_decrypted_key(self) -> str:
        """The plain key: the one place where a key is opened.

        Raises:
            AppError: ``key_unreadable``, if the seal does not open for this owner and row.
        """
        sealed = self.encrypted_key
        try:
            if not isinstance(sealed, SealedKey):
                raise Unreadable
            return open_key(sealed, owner_id=self.user_id, key_id=self.id)
        except Unreadable:
            raise AppError(
                "key_unreadable",
                f"The key “{self.name}” cannot be read any more. Enter it again.",
                status=409,
            ) from None
