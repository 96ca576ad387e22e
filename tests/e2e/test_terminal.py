"""``manage.py chat``: the same engine and the same database, without a server."""

from __future__ import annotations

from tests.e2e.server import ChatServer, Person
from tests.people import PASSWORD, assert_secret_free


def chat(person: Person, *words: str, password: str = PASSWORD):
    server = person.server
    return server.place.manage(
        server.emulator, "chat", person.username, *words, CHAT_PASSWORD=password
    )


def test_a_question_in_the_terminal_is_answered_and_kept(server: ChatServer, alice: Person):
    ran = chat(alice, "-m", "Hello /emulate frames=5 size=20")
    assert ran.returncode == 0, ran.stderr
    assert server.emulator.numbered_text(5, 20) in ran.stdout
    assert_secret_free(ran.stdout + ran.stderr, alice.key)
    [thread] = alice.get("threads/")["results"]
    history = alice.history(thread["id"])
    assert [message["role"] for message in history["messages"]] == ["user", "assistant"]
    assert history["runs"][0]["outcome"] == "success"
    again = chat(alice, "--thread", thread["id"], "-m", "And now?")
    assert again.returncode == 0, again.stderr
    assert len(alice.history(thread["id"])["runs"]) == 2


def test_a_failure_is_told_in_a_sentence(server: ChatServer, alice: Person):
    ran = chat(alice, "-m", "Hello /emulate error=403")
    assert ran.returncode == 1
    assert "Google refuses this key" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_only_the_right_password_gets_in(server: ChatServer, alice: Person):
    ran = chat(alice, "-m", "Hello", password="wrong")
    assert ran.returncode == 1
    assert "no active user with this name and password" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert alice.upstream() == []
