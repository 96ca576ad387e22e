"""Usage over REST: added up as asked, one's own, and of a lent key what each side may see."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from conversations.models import ModelCall
from tests.people import client_for, make_key, make_user
from tests.usage.factories import MONDAY, lend, make_call

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

NOVEMBER = {"from": "2026-11-01", "to": "2026-11-30"}


@pytest.fixture
def work(alice):
    return make_key(owner=alice, name="work")


def usage(user, path="/api/usage/", code=200, **query):
    answer = client_for(user).get(path, {**NOVEMBER, **query})
    assert answer.status_code == code, answer.content
    return answer.json()


def of_key(user, key, code=200, **query):
    return usage(user, f"/api/keys/{key.pk}/usage/", code, **query)


def names(answer) -> dict[str, int]:
    return {row["name"]: row["total_tokens"] for row in answer["rows"]}


def test_each_grouping_adds_up_to_the_same(alice, work):
    private = make_key(owner=alice, name="private", selected=False)
    make_call(alice, work)
    make_call(alice, work, agent="text", input_tokens=1000)
    make_call(alice, private, agent="text", model="gemini-3.1-pro-preview", price_usd=Decimal(1))
    make_call(alice, private, created_at=datetime(2026, 11, 24, 0, 0, tzinfo=UTC))
    expected = {
        "key": {"work": 1120, "private": 220},
        "agent": {"coordinator": 220, "text": 1120},
        "model": {"gemini-3.8-flash": 1230, "gemini-3.1-pro-preview": 110},
        "day": {"2026-11-23": 1230, "2026-11-24": 110},
    }
    for group, rows in expected.items():
        answer = usage(alice, group=group)
        assert names(answer) == rows
        total = answer["total"]
        assert (total["calls"], total["total_tokens"]) == (4, 1340)
        assert (total["price_usd"], total["unpriced_calls"]) == ("1.030000000", 0)


def test_every_kind_of_token_is_told(alice, work):
    kinds = {"thought": 5, "cached": 60, "tool": 20, "image": 4}
    make_call(alice, work, **{f"{kind}_tokens": count for kind, count in kinds.items()})
    (row,) = usage(alice, group="key")["rows"]
    assert {kind: row[f"{kind}_tokens"] for kind in kinds} == kinds
    assert (row["input_tokens"], row["output_tokens"], row["total_tokens"]) == (100, 10, 110)
    assert row["key_id"] == str(work.pk)


def test_a_day_begins_and_ends_at_midnight_utc(alice, work):
    for moment in ("2026-10-31T23:59:59", "2026-11-01T00:00:00", "2026-11-30T23:59:59"):
        make_call(alice, work, created_at=datetime.fromisoformat(moment).replace(tzinfo=UTC))
    make_call(alice, work, created_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert names(usage(alice)) == {"2026-11-01": 110, "2026-11-30": 110}


def test_an_unknown_price_is_told_as_unknown_and_never_as_nothing(alice, work):
    make_call(alice, work, model="gemini-9", price_usd=None)
    answer = usage(alice, group="model")
    assert answer["rows"][0]["price_usd"] is None
    assert (answer["total"]["price_usd"], answer["total"]["unpriced_calls"]) == (None, 1)
    make_call(alice, work)
    total = usage(alice)["total"]
    assert (total["price_usd"], total["unpriced_calls"]) == ("0.010000000", 1)


def test_a_call_that_goes_on_is_counted_but_its_price_is_not_called_unknown(alice, work):
    make_call(alice, work, outcome="", price_usd=None)
    total = usage(alice)["total"]
    assert (total["calls"], total["total_tokens"], total["unpriced_calls"]) == (1, 110, 0)


def test_nothing_used_is_nothing_paid(alice):
    answer = usage(alice)
    assert (answer["rows"], answer["total"]["price_usd"]) == ([], "0.000000000")


def test_use_of_a_deleted_key_stays_under_its_name(alice, work):
    make_call(alice, work)
    work.delete()
    (row,) = usage(alice, group="key")["rows"]
    assert (row["name"], row["key_id"], row["total_tokens"]) == ("work", None, 110)


def test_a_renamed_key_has_one_row(alice, work):
    make_call(alice, work, key_name="old name")
    make_call(alice, work)
    assert names(usage(alice, group="key")) == {"work": 220}


def test_everybody_sees_their_own_use_alone(alice, bob, charlie, work):
    make_call(alice, work)
    make_call(bob, make_key(owner=bob), input_tokens=1)
    assert usage(alice)["total"]["total_tokens"] == 110
    assert usage(bob)["total"]["total_tokens"] == 11
    assert usage(charlie)["rows"] == []


def test_a_foreign_key_is_answered_like_one_that_is_not_there(alice, bob, charlie, work):
    make_call(alice, work)
    lend(work, bob)
    foreign = of_key(charlie, work, 404)
    work_id = str(work.pk)
    work.delete()
    assert foreign == usage(charlie, f"/api/keys/{work_id}/usage/", 404)
    assert foreign["code"] == "key_not_found"


def test_of_a_lent_key_the_borrower_sees_own_use_and_the_owner_who_used_what(alice, bob, work):
    dora = make_user("dora")
    for borrower, label in ((bob, "Team key"), (dora, "For Dora")):
        lend(work, borrower, label)
    make_call(alice, work)
    make_call(bob, work, key_name="Team key", input_tokens=1000)
    make_call(dora, work, key_name="For Dora", input_tokens=5000)
    assert names(of_key(alice, work, group="user")) == {"alice": 110, "bob": 1010, "dora": 5010}
    assert of_key(alice, work)["total"]["total_tokens"] == 6130
    theirs = of_key(bob, work, group="user")
    assert names(theirs) == {"bob": 1010}
    assert names(usage(bob, group="key")) == {"Team key": 1010}
    for answer in (theirs, usage(bob, group="key")):
        assert not {"work", "alice", "dora"} & set(str(answer).replace("'", " ").split())
    assert names(usage(alice, group="key")) == {"work": 110}


def test_after_a_loan_has_ended_the_borrower_still_sees_own_use(alice, bob, work):
    make_call(bob, work, key_name="Team key")
    assert names(of_key(bob, work, group="user")) == {"bob": 110}
    assert of_key(bob, work)["budgets"] == []


def test_a_borrower_who_has_used_nothing_yet_sees_nothing(alice, bob, work):
    lend(work, bob, daily_tokens=500)
    answer = of_key(bob, work)
    assert answer["rows"] == []
    assert [(b["unit"], b["limit"], b["spent"]) for b in answer["budgets"]] == [
        ("tokens", "500.00", "0.000000000")
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-30", "to": "2026-11-01"},
        {"from": "2020-01-01"},
        {"from": "yesterday"},
        {"to": "9999-12-31"},
        {"group": "user"},
        {"group": "thread"},
    ],
)
def test_what_cannot_be_added_up_is_refused_in_words(alice, query):
    assert usage(alice, code=400, **query)["message"]


def test_without_days_this_month_is_meant(alice, work):
    make_call(alice, work, created_at=datetime(2026, 10, 1, tzinfo=UTC))
    answer = client_for(alice).get("/api/usage/").json()
    assert (answer["from"][-2:], answer["rows"]) == ("01", [])


def test_one_grouped_query_however_much_there_is(alice, work, django_assert_num_queries):
    from conversations.usage.selectors import period_of, usage_of_user

    for _ in range(20):
        make_call(alice, work)
    period = period_of(MONDAY.date(), MONDAY.date())
    for group in ("key", "agent", "model", "day"):
        with django_assert_num_queries(1):
            (row,) = usage_of_user(user_id=alice.pk, period=period, group=group)
        assert row.tally.calls == ModelCall.objects.count()


def test_without_a_sign_in_there_is_no_answer(client, work):
    for path in ("/api/usage/", f"/api/keys/{work.pk}/usage/"):
        assert client.get(path).status_code == 401
