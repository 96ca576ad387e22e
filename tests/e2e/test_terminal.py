"""``manage.py chat``: the same engine and the same database, beside a server."""

from __future__ import annotations

from tests.e2e.server import ChatServer, Person
from tests.people import PASSWORD, assert_secret_free


def test_a_question_in_the_terminal_is_answered_and_kept(server: ChatServer, alice: Person):
    def chat(*words: str) -> str:
        ran = server.place.manage(
            server.emulator, "chat", alice.username, *words, CHAT_PASSWORD=PASSWORD
        )
        assert ran.returncode == 0, ran.stderr
        assert_secret_free(ran.stdout + ran.stderr, alice.key)
        return ran.stdout

    said = chat("-m", "Hello /emulate frames=5 size=20")
    assert server.emulator.numbered_text(5, 20) in said
    [thread] = alice.get("threads/")["results"]
    history = alice.history(thread["id"])
    assert [message["role"] for message in history["messages"]] == ["user", "assistant"]
    assert history["runs"][0]["outcome"] == "success"
    chat("--thread", thread["id"], "-m", "And now?")
    assert len(alice.history(thread["id"])["runs"]) == 2
