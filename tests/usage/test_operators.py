"""What operators see of usage: totals, the end of a key, and never a name or a word."""

from __future__ import annotations

import io
import json

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.test import Client

from tests.people import make_key, make_user, new_secret
from tests.usage.factories import lend, make_call

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

PAGE = "/admin/conversations/modelcall/usage/"
DAYS = ["--from", "2026-11-01", "--to", "2026-11-30"]


@pytest.fixture
def used(alice, bob):
    """Alice's key, used by her and by Bob; and a call on a key that is gone."""
    key = make_key(owner=alice, name="My divorce lawyer", secret=f"{new_secret()}q7Xz")
    lend(key, bob)
    make_call(alice, key)
    make_call(bob, key, key_name="Lent", input_tokens=9000, price_usd=None)
    make_call(alice, None, key_name="Old", agent="text")
    return key


def stats(*options: str) -> str:
    out = io.StringIO()
    call_command("stats", *DAYS, *options, stdout=out)
    return out.getvalue()


def test_stats_add_up_per_user_and_model(used):
    lines = [line.split() for line in stats().splitlines()]
    assert ["alice", "gemini-3.8-flash", "2", "200", "20", "$0.0200"] in lines
    assert ["bob", "gemini-3.8-flash", "1", "9,000", "10", "unknown"] in lines
    assert lines[-1] == ["all", "3", "9,200", "30", "$0.0200", "+", "1", "unknown"]


@pytest.mark.parametrize(
    ("by", "found"),
    [("key", "…q7Xz"), ("key", "deleted key"), ("agent", "text"), ("day", "2026-11-23")],
)
def test_stats_can_add_up_in_other_ways(used, by, found):
    assert found in stats("--by", by)


def test_stats_can_be_read_by_programs(used):
    rows = [json.loads(line) for line in stats("--json", "--by", "key").splitlines()]
    assert {(row["user"], row["key"], row["price_usd"]) for row in rows} == {
        ("alice", "…q7Xz", "0.010000000"),
        ("bob", "…q7Xz", None),
        ("alice", "deleted key", "0.010000000"),
    }


@pytest.mark.parametrize("by", ["model", "key", "agent", "day"])
def test_stats_tell_no_name_of_a_key(used, by):
    for form in ([], ["--json"]):
        assert "lawyer" not in stats("--by", by, *form)


def test_days_that_make_no_sense_are_refused(used):
    with pytest.raises(CommandError, match="first and a last day"):
        call_command("stats", "--from", "2026-11-30", "--to", "2026-11-01")


def staff(*permissions: str) -> Client:
    user = make_user("sam", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def test_the_admin_adds_up_per_user_and_key(used):
    answer = staff("view_modelcall").get(PAGE, {"first": "2026-11-01", "last": "2026-11-30"})
    text = answer.content.decode()
    assert answer.status_code == 200
    for shown in ("alice", "bob", "…q7Xz", "deleted key", "9000", "$0.0100", "unknown"):
        assert shown in text
    assert "lawyer" not in text


def test_the_admin_s_list_leads_to_the_totals(used):
    assert PAGE in staff("view_modelcall").get("/admin/conversations/modelcall/").content.decode()


def test_the_totals_are_for_those_who_may_see_the_ledger(used, alice):
    assert staff("view_thread").get(PAGE).status_code == 403
    client = Client()
    client.force_login(alice)
    assert client.get(PAGE).status_code == 302


def test_odd_days_are_said_to_be_odd(used):
    answer = staff("view_modelcall").get(PAGE, {"first": "2026-11-30", "last": "2026-11-01"})
    assert "first and a last day" in answer.content.decode()
