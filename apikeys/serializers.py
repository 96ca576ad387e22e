"""What REST takes and gives of keys."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from apikeys.audit import KeyAudit
from apikeys.health import SENTENCES_FOR_BORROWERS, last_error, status_sentence
from apikeys.models import Budgeted, KeyLoan, UserApiKey
from common.text import visible_text

BIGGEST = 10**15


class NameField(serializers.CharField):
    """What a person calls a key, as everybody sees it: without invisible characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=100, **options)

    def to_internal_value(self, data: Any) -> str:
        name = visible_text(super().to_internal_value(data))
        if not name:
            self.fail("blank")
        return name


class SecretField(serializers.CharField):
    """A pasted key; whatever is wrong with it is said without repeating it."""

    def __init__(self) -> None:
        super().__init__(max_length=2000, write_only=True, help_text="Never sent back.")


class BudgetFields(serializers.Serializer[Any]):
    """Limits by the day and month of UTC; null is none."""

    daily_tokens = serializers.IntegerField(
        min_value=1, max_value=BIGGEST, allow_null=True, required=False
    )
    monthly_tokens = serializers.IntegerField(
        min_value=1, max_value=BIGGEST, allow_null=True, required=False
    )
    daily_money = serializers.DecimalField(
        max_digits=10,
        decimal_places=2,
        min_value=Decimal("0.01"),
        allow_null=True,
        required=False,
        help_text="US dollars.",
    )
    monthly_money = serializers.DecimalField(
        max_digits=10,
        decimal_places=2,
        min_value=Decimal("0.01"),
        allow_null=True,
        required=False,
        help_text="US dollars.",
    )


class BudgetOutput(serializers.Serializer[Any]):
    """Limits by the day and month of UTC; null is none."""

    daily_tokens = serializers.IntegerField(allow_null=True)
    monthly_tokens = serializers.IntegerField(allow_null=True)
    daily_money = serializers.DecimalField(
        max_digits=10, decimal_places=2, allow_null=True, help_text="US dollars."
    )
    monthly_money = serializers.DecimalField(
        max_digits=10, decimal_places=2, allow_null=True, help_text="US dollars."
    )


class KeyInput(serializers.Serializer[Any]):
    name = NameField()
    key = SecretField()


class ReplaceInput(serializers.Serializer[Any]):
    key = SecretField()


class ChangeInput(BudgetFields):
    name = NameField(required=False)
    is_active = serializers.BooleanField(required=False)
    expires_at = serializers.DateTimeField(allow_null=True, required=False)


class LastErrorOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
    at = serializers.DateTimeField()


class KeyOutput(BudgetOutput):
    """What may be known about a key, an own or a lent one.

    Of a lent one: its label as ``name``, the terms of the loan, and whether it works.
    """

    id = serializers.CharField()
    name = serializers.CharField()
    lent = serializers.BooleanField(help_text="Somebody else's, lent to you.")
    tail = serializers.CharField(help_text="The last four characters; empty if lent.")
    is_active = serializers.BooleanField()
    selected = serializers.BooleanField()
    status = serializers.ChoiceField(choices=UserApiKey.Status.choices)
    status_detail = serializers.CharField(help_text="A sentence, if there is more to say.")
    quota_until = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    allowed_models = serializers.ListField(
        child=serializers.CharField(), help_text="Of a lent key; none: all."
    )
    verified_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_success_at = serializers.DateTimeField(allow_null=True)
    last_error = LastErrorOutput(allow_null=True)
    created_at = serializers.DateTimeField()


class ModelOffered(serializers.Serializer[Any]):
    id = serializers.CharField(source="model.name")
    label = serializers.CharField(source="model.label")  # type: ignore[assignment]
    api_id = serializers.CharField(source="model.api_id")
    kind = serializers.CharField(source="model.kind")
    available = serializers.BooleanField()


class ModelsOutput(serializers.Serializer[Any]):
    listed_at = serializers.DateTimeField(help_text="When Google was asked.")
    models = ModelOffered(many=True)


class LoanInput(BudgetFields):
    borrower = serializers.CharField(
        max_length=150, required=False, default="", help_text="A user name; or give a group."
    )
    group = serializers.CharField(
        max_length=150, required=False, default="", help_text="A group that you are in."
    )
    label = serializers.CharField(  # type: ignore[assignment]
        max_length=100, help_text="What borrowers see of the key."
    )
    allowed_models = serializers.ListField(
        child=serializers.CharField(max_length=50), max_length=50, required=False, default=list
    )
    ends_at = serializers.DateTimeField(allow_null=True, required=False)


class LoanOutput(BudgetOutput):
    id = serializers.CharField()
    borrower = serializers.CharField(
        source="borrower.username", default=None, allow_null=True, read_only=True
    )
    group = serializers.CharField(
        source="group.name", default=None, allow_null=True, read_only=True
    )
    label = serializers.CharField()  # type: ignore[assignment]
    allowed_models = serializers.ListField(child=serializers.CharField())
    ends_at = serializers.DateTimeField(allow_null=True)
    is_current = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class AuditOutput(serializers.ModelSerializer[KeyAudit]):
    """One thing that happened; ``actor`` is empty for the operator at a shell."""

    at = serializers.DateTimeField()
    detail = serializers.CharField()
    actor = serializers.CharField(source="actor_name")
    key = serializers.UUIDField(source="key_id")

    class Meta:
        model = KeyAudit
        fields = ("at", "actor", "via", "key", "key_name", "what", "detail")


def own_key(key: UserApiKey, selected: bool) -> dict[str, Any]:
    """A key as its owner sees it."""
    return _budget(key) | {
        "id": str(key.pk),
        "name": key.name,
        "lent": False,
        "tail": key.tail,
        "is_active": key.is_active,
        "selected": selected,
        "status": key.health,
        "status_detail": status_sentence(key),
        "quota_until": key.quota_until,
        "expires_at": key.expires_at,
        "allowed_models": [],
        "verified_at": key.verified_at,
        "last_used_at": key.last_used_at,
        "last_success_at": key.last_success_at,
        "last_error": last_error(key),
        "created_at": key.created_at,
    }


def lent_key(loan: KeyLoan, selected: bool) -> dict[str, Any]:
    """A key as a borrower sees it: nothing that is the owner's."""
    health = loan.key.health
    return _budget(loan) | {
        "id": str(loan.key_id),
        "name": loan.label,
        "lent": True,
        "tail": "",
        "is_active": loan.key.is_active,
        "selected": selected,
        "status": health,
        "status_detail": SENTENCES_FOR_BORROWERS.get(health, ""),
        "quota_until": loan.key.quota_until,
        "expires_at": loan.ends_at,
        "allowed_models": loan.allowed_models,
        "verified_at": None,
        "last_used_at": None,
        "last_success_at": None,
        "last_error": None,
        "created_at": loan.created_at,
    }


def _budget(row: Budgeted) -> dict[str, Any]:
    return {
        "daily_tokens": row.daily_tokens,
        "monthly_tokens": row.monthly_tokens,
        "daily_money": row.daily_money,
        "monthly_money": row.monthly_money,
    }
