"""Expiry dates and budgets: set over REST and in the admin, and only to what makes sense."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from apikeys.audit import KeyAudit
from apikeys.models import UserApiKey
from apikeys.selectors import run_key
from apikeys.terms import Budget
from tests.people import client_for, make_key

pytestmark = pytest.mark.django_db

NONE = {"daily_tokens": None, "monthly_tokens": None, "daily_money": None, "monthly_money": None}


def change(user, key, **body):
    return client_for(user).patch(f"/api/keys/{key.pk}/", body, format="json")


def test_there_is_no_limit_by_default(alice):
    key = make_key(owner=alice)
    said = client_for(alice).get("/api/keys/").json()[0]
    assert {**NONE, "expires_at": None}.items() <= said.items()
    assert run_key(alice.pk, key.pk).budget.is_unlimited


def test_limits_can_be_set_and_taken_away(alice):
    key = make_key(owner=alice)
    end = (timezone.now() + timedelta(days=3)).replace(microsecond=0)
    limits = {
        "daily_tokens": 1000,
        "monthly_tokens": 10_000,
        "daily_money": "0.50",
        "monthly_money": "5.00",
        "expires_at": end.isoformat().replace("+00:00", "Z"),
    }
    said = change(alice, key, **limits)
    assert said.status_code == 200
    assert limits.items() <= said.json().items()
    budget = Budget(1000, 10_000, Decimal("0.50"), Decimal("5.00"))
    assert run_key(alice.pk, key.pk).budget == budget
    assert change(alice, key, daily_tokens=None).json()["daily_tokens"] is None
    assert change(alice, key, **NONE, expires_at=None).json()["expires_at"] is None
    assert run_key(alice.pk, key.pk).budget.is_unlimited
    noted = KeyAudit.objects.filter(what="limits").order_by("id")
    assert noted[1].detail == "daily tokens: none"


@pytest.mark.parametrize(
    "limits",
    [
        {"daily_tokens": 0},
        {"daily_tokens": -1},
        {"daily_tokens": 10**19},
        {"daily_tokens": "many"},
        {"daily_money": "0.001"},
        {"daily_money": 0},
        {"daily_money": "-1"},
        {"daily_money": "NaN"},
        {"daily_money": "1e99"},
        {"expires_at": "2020-01-01T00:00:00Z"},
        {"expires_at": "tomorrow"},
        {"daily_tokens": 11, "monthly_tokens": 10},
        {"daily_money": "1.01", "monthly_money": "1"},
    ],
)
def test_limits_that_make_no_sense_are_refused(alice, limits):
    key = make_key(owner=alice)
    said = change(alice, key, **limits)
    assert (said.status_code, said.json()["code"]) == (400, "invalid")
    assert said.json()["fields"].keys() <= limits.keys()
    key.refresh_from_db()
    assert (key.daily_tokens, key.daily_money, key.expires_at) == (None, None, None)


def test_a_budget_is_measured_against_the_one_that_is_there(alice):
    key = make_key(owner=alice, monthly_tokens=10)
    assert change(alice, key, daily_tokens=11).status_code == 400
    assert change(alice, key, daily_tokens=10).status_code == 200


def test_a_refused_change_changes_nothing_else(alice):
    key = make_key(owner=alice)
    assert change(alice, key, name="new name", daily_tokens=0, is_active=False).status_code == 400
    assert change(alice, key, name="new", expires_at="2020-01-01T00:00:00Z").status_code == 400
    key = UserApiKey.objects.get()
    assert (key.name, key.is_active) == ("work", True)
    assert not KeyAudit.objects.exists()
