"""A user's Gemini keys, and who else may use them."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

import apikeys.audit  # noqa: F401  # has a table, which Django registers with this module
from apikeys.fields import SealedKeyField
from apikeys.seal import SealedKey, Unreadable, open_key
from common.errors import AppError
from gemini.catalogue import ModelList
from gemini.model_info import listed_from

SEALED = ("encrypted_key", "seal_nonce", "fingerprint")  # written together, by a replacement
CENT = Decimal("0.01")
LIST_FRESH_FOR = timedelta(days=1)


def _token_limit() -> Any:
    return models.PositiveBigIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])


def _money_limit(verbose_name: str) -> Any:
    return models.DecimalField(
        verbose_name,
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(CENT)],
    )


class Budgeted(models.Model):
    """Limits to what may be spent; empty is none. Days and months are those of UTC."""

    daily_tokens = _token_limit()
    monthly_tokens = _token_limit()
    daily_money = _money_limit("daily US dollars")
    monthly_money = _money_limit("monthly US dollars")

    class Meta:
        abstract = True


class KeyManager(models.Manager["UserApiKey"]):
    """Leaves the ciphertext where it is: only what opens a key loads it."""

    def get_queryset(self) -> models.QuerySet[UserApiKey]:
        return super().get_queryset().defer("encrypted_key")

    def open_to(self, user_id: int) -> models.QuerySet[UserApiKey]:
        """The user's own keys, and those lent to them at this moment."""
        lent = KeyLoan.objects.current().to(user_id).values("key_id")
        return self.get_queryset().filter(Q(user_id=user_id) | Q(pk__in=lent))


class UserApiKey(Budgeted):
    """One Gemini key of one user, sealed."""

    class Status(models.TextChoices):
        ACTIVE = "active", "works"
        UNVERIFIED = "unverified", "not checked yet"
        INVALID = "invalid", "refused by Google"
        BLOCKED = "blocked", "blocked by Google"
        LIMITED = "limited", "needs a change at Google"
        QUOTA = "quota", "out of quota"
        EXPIRED = "expired", "past its expiry date"
        UNREADABLE = "unreadable", "cannot be read: enter it again"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    encrypted_key = SealedKeyField(editable=False)
    seal_nonce = models.CharField(
        max_length=32,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="Of the present seal.",
    )
    is_active = models.BooleanField(default=True)
    tail = models.CharField(max_length=4, blank=True, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    status = models.CharField(max_length=20, choices=Status, default=Status.UNVERIFIED)
    status_detail = models.CharField(max_length=300, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)
    quota_until = models.DateTimeField(
        null=True, blank=True, help_text="When Google gives this key quota again, if it said so."
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    last_error_code = models.CharField(max_length=50, blank=True)
    listed_models = models.JSONField(
        null=True, blank=True, editable=False, help_text="The models Google listed for this key."
    )
    listed_at = models.DateTimeField(null=True, blank=True, editable=False)
    billing_refusals = models.JSONField(
        default=dict,
        blank=True,
        editable=False,
        help_text="API ids that Google refused this key for want of billing, and when.",
    )
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
                if not field.primary_key and field.name not in SEALED
            ]
        super().save(*args, **kwargs)

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def model_list(self) -> ModelList:
        """What is known of the models of this key.

        Google's list is good for refusals for a day, and so is a refusal for want of billing:
        billing can be set up at any time.
        """
        since = timezone.now() - LIST_FRESH_FOR
        refused = self.billing_refusals if isinstance(self.billing_refusals, dict) else {}
        unbilled = frozenset(name for name, at in refused.items() if at > since.isoformat())
        return ModelList(
            listed=None if self.listed_at is None else listed_from(self.listed_models),
            fresh=self.listed_at is not None and self.listed_at > since,
            has_billing=False if unbilled else None,
            unbilled=unbilled,
        )

    @property
    def health(self) -> Status:
        """``status`` as of now: dates pass without anybody writing them down."""
        if self.is_expired:
            return self.Status.EXPIRED
        renewed = self.quota_until is not None and self.quota_until <= timezone.now()
        if self.status == self.Status.QUOTA and renewed:
            return self.Status.ACTIVE
        return self.Status(self.status)

    @sensitive_variables()
    def get_decrypted_key(self) -> str:
        """The plain key: the one place where a key is opened.

        Raises:
            AppError: ``key_unreadable``, if the seal does not open for this owner and row.
        """
        if "encrypted_key" in self.get_deferred_fields():
            # In one query: the key may have been replaced since the row was loaded.
            self.refresh_from_db(fields=["encrypted_key", "seal_nonce"])
        sealed = self.encrypted_key
        try:
            if not isinstance(sealed, SealedKey):
                raise Unreadable
            return open_key(sealed, owner_id=self.user_id, key_id=self.id, nonce=self.seal_nonce)
        except Unreadable:
            raise AppError(
                "key_unreadable",
                f"The key “{self.name}” cannot be read any more. Enter it again.",
                status=409,
            ) from None


class LoanQuerySet(models.QuerySet["KeyLoan"]):
    def current(self, now: datetime | None = None) -> LoanQuerySet:
        """Loans that may be used: not ended, and by somebody whose account is switched on."""
        now = now or timezone.now()
        lasting = Q(ends_at=None) | Q(ends_at__gt=now)
        return self.filter(lasting, revoked_at=None, key__user__is_active=True)

    def to(self, user_id: int) -> LoanQuerySet:
        """Loans to this user, or to a group the user is in; not of the user's own keys."""
        groups = Group.objects.filter(user=user_id).values("pk")
        to_me = Q(borrower_id=user_id) | Q(group__in=groups)
        return self.filter(to_me).exclude(key__user_id=user_id)


class KeyLoan(Budgeted):
    """An owner lets somebody use a key, known to them by a label only.

    The budget here is what each borrower may spend; the key's own budget counts everybody's use.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.ForeignKey(UserApiKey, models.CASCADE, related_name="loans")
    borrower = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="key_loans"
    )
    group = models.ForeignKey(
        Group, models.CASCADE, null=True, blank=True, related_name="key_loans"
    )
    label = models.CharField(max_length=100, help_text="What the borrower sees of the key.")
    allowed_models = models.JSONField(
        default=list, blank=True, help_text="Names of the models it may be used for; empty: all."
    )
    ends_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LoanQuerySet.as_manager()

    class Meta:
        db_table = "key_loans"
        ordering = ["created_at", "id"]
        verbose_name = "key loan"
        constraints = [
            models.CheckConstraint(
                condition=Q(borrower=None) ^ Q(group=None), name="key_loans_to_one"
            ),
            models.UniqueConstraint(
                fields=["key", "borrower"],
                condition=Q(revoked_at=None),
                name="key_loans_one_per_borrower",
            ),
            models.UniqueConstraint(
                fields=["key", "group"],
                condition=Q(revoked_at=None),
                name="key_loans_one_per_group",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_current(self) -> bool:
        ended = self.ends_at is not None and self.ends_at <= timezone.now()
        return self.revoked_at is None and not ended


class MasterKeyProbe(models.Model):
    """A known value, sealed under a master key that keys were sealed under: see ``master_key``."""

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
