"""Rows kept about keys: what happened to them, and what the master key is known by."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone


class KeyAudit(models.Model):
    """Who did what to which key, and when. It outlives keys and people, and holds no secret."""

    class What(models.TextChoices):
        CREATE = "create", "stored"
        REPLACE = "replace", "replaced by another key"
        RENAME = "rename", "renamed"
        LIMITS = "limits", "expiry or budget changed"
        SELECT = "select", "chosen for answers"
        ACTIVATE = "activate", "switched on"
        DEACTIVATE = "deactivate", "switched off"
        VERIFY = "verify", "checked with Google"
        USE_REFUSED = "use_refused", "use refused"
        LEND = "lend", "lent"
        REVOKE = "revoke", "loan ended"
        ROTATE = "rotate", "sealed under a new master key"
        DELETE = "delete", "deleted"

    class Via(models.TextChoices):
        API = "api", "page or API"
        ADMIN = "admin", "admin"
        COMMAND = "command", "command line"
        RUN = "run", "an answer"

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150, blank=True)
    via = models.CharField(max_length=10, choices=Via)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    owner_name = models.CharField(max_length=150)
    key_id = models.UUIDField("key id", help_text="Of a key that may be gone.")
    key_name = models.CharField(max_length=100)
    what = models.CharField(max_length=20, choices=What)
    detail = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "key_audit"
        ordering = ["-id"]
        verbose_name = "key audit entry"
        verbose_name_plural = "key audit"
        indexes = [
            models.Index(fields=["key_id", "-id"], name="key_audit_of_key"),
            models.Index(fields=["owner", "-id"], name="key_audit_of_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what} {self.key_name}"


class SealCanary(models.Model):
    """Something known, sealed under a master key that keys were sealed under."""

    ciphertext = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "seal_canaries"
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.pk)


class GoogleCheck(models.Model):
    """A recent request to Google that a user made wait for; pruned after a minute."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        db_table = "google_checks"

    def __str__(self) -> str:
        return f"{self.user_id} {self.at:%Y-%m-%d %H:%M:%S}"
