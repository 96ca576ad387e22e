"""Who somebody is beyond Django's user: a profile, and what keeps them signed in."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from gemini.catalogue import DEFAULT_MODEL


class UserProfile(models.Model):
    """What a user chose, and the version that every token of theirs must carry."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile"
    )
    selected_api_key = models.ForeignKey(
        "apikeys.UserApiKey", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    ai_model = models.CharField(max_length=50, default=DEFAULT_MODEL)
    token_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Raised to end every token issued before."
    )
    preferences = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "user_profiles"

    def __str__(self) -> str:
        return str(self.user)

    def clean(self) -> None:
        key = self.selected_api_key
        if key is None:
            return
        # By way of the row: the app of keys stands above this one.
        open_to_user = type(key)._default_manager.open_to(self.user_id)
        if not open_to_user.filter(pk=key.pk, is_active=True).exists():
            raise ValidationError(
                {"selected_api_key": "Choose an active key that this user may use."}
            )


class RefreshFamily(models.Model):
    """One sign-in and the chain of refresh tokens that came out of it.

    No token is stored. A token names its family and its ``jti``; the newest can be made again
    from this row alone, which is how two tabs that refresh at once get the same successor.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="refresh_families"
    )
    current_jti = models.UUIDField(default=uuid.uuid4)
    previous_jti = models.UUIDField(null=True)
    rotated_at = models.DateTimeField(default=timezone.now, help_text="When current_jti was made.")
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "refresh_families"
        ordering = ["-created_at"]
        verbose_name_plural = "refresh families"
        indexes = [models.Index(fields=["user", "expires_at"], name="refresh_families_of_user")]

    def __str__(self) -> str:
        return str(self.id)


class SignInAttempt(models.Model):
    """A recent try to sign in, counted before any password is hashed; pruned after the window."""

    name_digest = models.CharField(max_length=64, help_text="People type passwords as names.")
    address = models.CharField(max_length=45)
    is_known = models.BooleanField(default=False, help_text="From where it succeeded before.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "sign_in_attempts"
        indexes = [
            models.Index(fields=["name_digest", "at"], name="sign_in_attempts_by_name"),
            models.Index(fields=["address", "at"], name="sign_in_attempts_by_address"),
            models.Index(fields=["at"], name="sign_in_attempts_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.address} {self.at:%Y-%m-%d %H:%M:%S}"


class KnownOrigin(models.Model):
    """That an account was signed in to from an address; neither of them can be read from it."""

    digest = models.CharField(max_length=64, unique=True)
    last_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        db_table = "known_origins"

    def __str__(self) -> str:
        return str(self.pk)


class AccountAudit(models.Model):
    """Who did what to which account, and when. It outlives people, and holds no secret."""

    class What(models.TextChoices):
        CREATE = "create", "account made"
        PASSWORD = "password", "password set"
        RIGHTS = "rights", "rights changed"
        CHANGE = "change", "name or address changed"
        ACTIVATE = "activate", "switched on"
        DEACTIVATE = "deactivate", "switched off"
        DELETE = "delete", "deleted"

    class Via(models.TextChoices):
        API = "api", "page or API"
        ADMIN = "admin", "admin"

    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    actor_name = models.CharField(max_length=150)
    via = models.CharField(max_length=10, choices=Via)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="account_audit"
    )
    user_name = models.CharField(max_length=150)
    what = models.CharField(max_length=20, choices=What)
    detail = models.CharField(max_length=200, blank=True)
    read_at = models.DateTimeField(null=True, help_text="When the user had read of it.")

    class Meta:
        db_table = "account_audit"
        ordering = ["-id"]
        verbose_name = "account audit entry"
        verbose_name_plural = "account audit"
        indexes = [models.Index(fields=["user", "-id"], name="account_audit_of_user")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.what} {self.user_name}"
