"""Writes down what happens to keys, in the transaction in which it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

if TYPE_CHECKING:  # the module of keys imports this one, for its table
    from apikeys.models import UserApiKey


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


What = KeyAudit.What
Via = KeyAudit.Via

QUIET = timedelta(minutes=1)  # a client that asks again and again fills no table


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and through which door; without ``user_id`` the operator at a shell."""

    via: str
    user_id: int | None = None
    name: str = ""

    @classmethod
    def of(cls, user: User, via: str = Via.API) -> Actor:
        return cls(via, user.pk, user.get_username())


OPERATOR = Actor(Via.COMMAND)


def note(key: UserApiKey, what: str, actor: Actor | None = None, detail: str = "") -> None:
    """Write one line of the audit. Without ``actor`` it was the owner."""
    actor = actor or Actor.of(key.user)
    KeyAudit.objects.create(
        actor_id=actor.user_id,
        actor_name=actor.name,
        via=actor.via,
        owner_id=key.user_id,
        owner_name=key.user.get_username(),
        key_id=key.pk,
        key_name=key.name,
        what=what,
        detail=detail[:200],
    )


def note_refusal(key: UserApiKey, user_id: int, code: str) -> None:
    """Note that a run was refused this key, unless the same was noted a moment ago."""
    same = KeyAudit.objects.filter(
        key_id=key.pk, actor_id=user_id, what=What.USE_REFUSED, detail=code
    )
    if same.filter(at__gt=timezone.now() - QUIET).exists():
        return
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        note(key, What.USE_REFUSED, Actor.of(user, Via.RUN), code)


def audit_of(owner_id: int) -> models.QuerySet[KeyAudit]:
    """What happened to this owner's keys, the newest first; deleted keys are among them."""
    return KeyAudit.objects.filter(owner_id=owner_id)
