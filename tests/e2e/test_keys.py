"""With whose key, and with none but that one."""

from __future__ import annotations

import asyncio
import re
from contextlib import closing
from uuid import uuid4

import httpx2
import pytest

from emulator.journal import masked
from tests.e2e.client import socket
from tests.e2e.server import OPERATORS_KEY, ChatServer, Person
from tests.people import PASSWORD, assert_secret_free


async def test_without_a_key_nothing_is_asked_whatever_the_server_has_in_its_environment(
    server: ChatServer, charlie: Person
):
    before = len(server.emulator.requests())
    async with socket(server, charlie) as client:
        refused = await client.refusal("Hello")
    assert refused["code"] == "no_key"
    assert "Add a Gemini key" in refused["message"]
    assert len(server.emulator.requests()) == before
    assert charlie.get("threads/")["results"] == []


async def test_the_key_that_is_named_is_asked_with(server: ChatServer, alice: Person):
    first_key, first_id = alice.key, alice.key_id
    alice.add_key("another")
    async with socket(server, alice) as client:
        await client.answer((await client.ask("Hello"))["runId"])
        await client.answer((await client.ask("Hello", keyId=first_id))["runId"])
    second = server.emulator.requests(key=alice.key)
    first = server.emulator.requests(key=first_key)
    assert [len([r for r in asked if r["method"] == "POST"]) for asked in (first, second)] == [1, 1]
    assert not any("key" in request["query"] for request in first + second)  # but in a header


async def test_a_key_that_cannot_be_used_is_refused_with_what_to_do(
    server: ChatServer, alice: Person, bob: Person
):
    async with socket(server, alice) as client:
        for key_id in (bob.key_id, str(uuid4())):
            refused = await client.refusal("Hello", keyId=key_id)
            assert (refused["code"], refused["message"]) == (
                "key_not_found",
                (await client.refusal("Hello", keyId=str(uuid4())))["message"],
            )
        assert alice.rest("PATCH", f"keys/{alice.key_id}/", json={"is_active": False}).is_success
        refused = await client.refusal("Hello", keyId=alice.key_id)
        assert refused["code"] == "key_inactive"
        assert "Switch it on" in refused["message"]
        assert (await client.refusal("Hello"))["code"] in ("key_inactive", "no_key")
        assert alice.rest("PATCH", f"keys/{alice.key_id}/", json={"is_active": True}).is_success
        alice.rest("POST", f"keys/{alice.key_id}/select/")
        await client.still_works()
        assert alice.rest("DELETE", f"keys/{alice.key_id}/").status_code == 204
        assert (await client.refusal("Hello", keyId=alice.key_id))["code"] == "key_not_found"
        assert (await client.refusal("Hello"))["code"] == "no_key"
    assert len(bob.upstream()) == 0


async def test_a_key_copied_to_another_user_does_not_open(
    server: ChatServer, alice: Person, bob: Person
):
    with closing(server.place.open()) as database, database:
        database.execute(
            "UPDATE user_api_keys SET encrypted_key ="
            " (SELECT encrypted_key FROM user_api_keys WHERE id = ?) WHERE id = ?",
            (bob.key_id.replace("-", ""), alice.key_id.replace("-", "")),
        )
    async with socket(server, alice) as client:
        refused = await client.refusal("Hello")
    assert refused["code"] == "key_unreadable"
    assert len(bob.upstream()) == 0
    [key] = alice.get("keys/")
    assert key["status"] == "unreadable"


async def test_a_key_that_is_garbage_does_not_open(server: ChatServer, alice: Person, bob: Person):
    with closing(server.place.open()) as database, database:
        database.execute(
            "UPDATE user_api_keys SET encrypted_key = 'gAAAAgarbage' WHERE id = ?",
            (alice.key_id.replace("-", ""),),
        )
    async with socket(server, alice) as client, socket(server, bob) as other:
        assert (await client.refusal("Hello"))["code"] == "key_unreadable"
        await other.still_works()


BAD_KEYS = {"suspended": "key_blocked", "blocked": "key_blocked", "invalid": "invalid_key"}


@pytest.mark.parametrize("marker", [*BAD_KEYS, "quota"])
async def test_a_key_that_google_refuses_is_not_stored(
    server: ChatServer, charlie: Person, marker: str
):
    key = server.emulator.new_key(marker)
    server.keys.append(key)
    answer = charlie.rest("POST", "keys/", json={"name": "bad", "key": key})
    if marker == "quota":
        assert answer.status_code == 201  # it is a good key, for another minute
    else:
        assert (answer.status_code, answer.json()["code"]) == (400, BAD_KEYS[marker])
        assert charlie.get("keys/") == []
    assert_secret_free(answer.text, key)


async def test_googles_own_words_reach_nobody(server: ChatServer, alice: Person):
    message = f"Permission denied: Consumer 'api_key:{alice.key}' has been suspended."
    body = {"error": {"code": 403, "message": message, "status": "PERMISSION_DENIED"}}
    server.emulator.script({"status": 403, "body": body}, key=alice.key)
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello")
        stream = await client.answer(accepted["runId"])
    assert stream.events[-1]["code"] == "key_blocked"
    told = (stream.events, alice.history(accepted["threadId"]), alice.get("keys/"), server.log())
    for place in told:
        assert_secret_free(place, alice.key)
        assert "suspended" not in str(place)
    assert alice.get("keys/")[0]["status"] == "blocked"


async def test_an_admin_switches_a_key_off_and_the_next_message_is_refused(
    server: ChatServer, alice: Person
):
    admin = server.person("admin", with_key=False)
    with closing(server.place.open()) as database, database:
        database.execute(
            "UPDATE auth_user SET is_staff=1, is_superuser=1 WHERE username=?", (admin.username,)
        )
    async with socket(server, alice) as client:
        await client.still_works()
        await asyncio.to_thread(_switch_off_in_admin, server, admin, alice)
        refused = await client.refusal("Hello", keyId=alice.key_id)
    assert refused["code"] == "key_inactive"


def _switch_off_in_admin(server: ChatServer, admin: Person, alice: Person) -> None:
    with httpx2.Client(
        base_url=server.url, follow_redirects=True, trust_env=False, headers={"origin": server.url}
    ) as browser:

        def post(path: str, **fields: str) -> str:
            page = browser.get(path).text
            token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
            assert token, page
            answer = browser.post(path, data={"csrfmiddlewaretoken": token[1], **fields})
            assert answer.status_code == 200, answer.text
            assert_secret_free(answer.text, alice.key)
            return answer.text

        refused = browser.post("/admin/login/", data={"username": "x", "password": "y"})
        assert refused.status_code == 403
        post("/admin/login/", username=admin.username, password=PASSWORD, next="/admin/")
        fields = {"action": "deactivate", "_selected_action": alice.key_id, "index": "0"}
        assert "1 switched off." in post("/admin/apikeys/userapikey/", **fields)


def test_the_operators_keys_were_never_used(server: ChatServer):
    assert masked(OPERATORS_KEY) not in {request["key"] for request in server.emulator.requests()}
    assert_secret_free(server.log(), OPERATORS_KEY)


async def test_a_key_that_the_model_repeats_is_taken_out(server: ChatServer, alice: Person):
    async with socket(server, alice) as client:
        accepted = await client.ask("Hello /emulate leak size=7")
        stream = await client.answer(accepted["runId"])
    assert "removed key" in stream.text
    for place in (stream.text, stream.events, alice.history(accepted["threadId"])):
        assert_secret_free(place, alice.key)
