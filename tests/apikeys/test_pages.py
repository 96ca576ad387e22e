"""Lists about keys that can grow come in pages; each names the next one."""

from __future__ import annotations

import re

import pytest

from apikeys import audit
from apikeys.models import KeyLoan
from common import paging
from tests.people import client_for, make_key, make_user

pytestmark = pytest.mark.django_db


def pages(client, path):
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.content
        yield answer.json()
        found = re.fullmatch(r'<(.+)>; rel="next"', answer.headers.get("Link", ""))
        path = found and found[1]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)


@pytest.mark.parametrize("of_one", [True, False])
def test_the_audit_is_read_back_to_its_beginning(alice, of_one):
    key = make_key(owner=alice)
    for number in range(7):
        audit.note(key, "rename", detail=str(number))
    path = f"/api/keys/{key.pk}/audit/" if of_one else "/api/keys/audit/"
    found = list(pages(client_for(alice), path))
    assert [len(page) for page in found] == [3, 3, 1]
    assert [row["detail"] for page in found for row in page] == [str(n) for n in range(6, -1, -1)]


def test_loans_are_read_to_their_end(alice):
    key = make_key(owner=alice)
    loans = [KeyLoan(key=key, borrower=make_user(f"b{n}"), label=f"l{n}") for n in range(6)]
    KeyLoan.objects.bulk_create(loans)
    found = list(pages(client_for(alice), f"/api/keys/{key.pk}/loans/"))
    assert [len(page) for page in found] == [3, 3]
    assert [row["label"] for page in found for row in page] == [f"l{n}" for n in range(6)]


@pytest.mark.parametrize("cursor", ["x", "-1", "0", "9" * 30])
def test_a_made_up_cursor_is_refused_in_words(alice, cursor):
    answer = client_for(alice).get("/api/keys/audit/", {"cursor": cursor})
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"cursor"}
