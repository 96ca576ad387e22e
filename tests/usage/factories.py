"""Rows of the ledger to add up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from apikeys.models import KeyLoan, UserApiKey
from conversations.models import ModelCall

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


def make_call(owner: User, key: UserApiKey | None = None, **fields: Any) -> ModelCall:
    """A call that has ended: 100 tokens in, 10 out, a cent."""
    row = {
        "key_name": key.name if key else "",
        "agent": "coordinator",
        "model": "gemini-3.8-flash",
        "outcome": "ok",
        "input_tokens": 100,
        "output_tokens": 10,
        "price_usd": Decimal("0.01"),
        "created_at": MONDAY,
    }
    return ModelCall.objects.create(owner=owner, key=key, **row | fields)


def lend(key: UserApiKey, borrower: User, label: str = "Lent", **terms: Any) -> KeyLoan:
    return KeyLoan.objects.create(key=key, borrower=borrower, label=label, **terms)
