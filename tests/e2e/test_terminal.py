"""``manage.py chat``: the same engine and the same database, without a server."""

from __future__ import annotations

from pathlib import Path

from tests.conversations.samples import picture, zipped
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


def test_files_go_with_the_first_message(server: ChatServer, alice: Person, tmp_path: Path):
    notes, dot = tmp_path / "notes.txt", tmp_path / "dot.png"
    notes.write_text("Bees have five eyes.")
    dot.write_bytes(picture())
    ran = chat(alice, "-m", "What is in these?", "--file", str(notes), "-f", str(dot))
    assert ran.returncode == 0, ran.stderr
    assert "2 files arrived" in ran.stdout
    [thread] = alice.get("threads/")["results"]
    asked = alice.history(thread["id"])["messages"][0]
    assert [file["name"] for file in asked["attachments"]] == ["notes.txt", "dot.png"]
    files = alice.get("files/")["results"]
    assert {file["thread_id"] for file in files} == {thread["id"]}
    [sent] = alice.upstream(1)
    parts = sent["body"]["contents"][-1]["parts"]
    kinds = [part["inlineData"]["mimeType"] for part in parts[:2]]
    assert kinds == ["text/plain", "image/png"]


def test_a_file_that_is_not_taken_is_named_and_nothing_is_asked(
    server: ChatServer, alice: Person, tmp_path: Path
):
    archive = tmp_path / "bees.zip"
    archive.write_bytes(zipped({"a.txt": "a"}))
    for path, why in (
        (archive, "This is an archive (.zip)"),
        (tmp_path / "gone.txt", "No such file"),
    ):
        ran = chat(alice, "-m", "What is this?", "--file", str(path))
        assert ran.returncode == 1
        assert str(path) in ran.stderr
        assert why in ran.stderr
        assert "Traceback" not in ran.stderr
    many = [word for number in range(17) for word in ("--file", f"{number}.txt")]
    assert "at most 16 files" in chat(alice, "-m", "These?", *many).stderr
    assert alice.get("files/")["results"] == alice.get("threads/")["results"] == []
    assert alice.upstream() == []


def test_what_is_chosen_for_an_answer_goes_upstream(server: ChatServer, alice: Person):
    words = "What is the latest news about bees?"
    ran = chat(alice, *("-m", words, "--agent", "direct", "--thinking", "low", "--tools", "search"))
    assert ran.returncode == 0, ran.stderr
    assert "[sources]\n  1. " in ran.stdout
    assert chat(alice, *("-m", words, "--agent", "direct", "--tools", "none")).returncode == 0
    searching, plain = (request["body"] for request in alice.upstream(2))
    assert searching["tools"] == [{"googleSearch": {}}]
    assert searching["generationConfig"]["thinkingConfig"]["thinkingLevel"] == "low"
    assert "tools" not in plain
    refused = chat(alice, *("-m", words, "--tools", "search,telepathy"))
    assert refused.returncode != 0
    assert "unknown: telepathy" in refused.stderr


def test_files_that_agents_make_are_shown_as_addresses(server: ChatServer, alice: Person):
    ran = chat(alice, "-m", "A fox", "--agent", "media", "--output", "image")
    assert ran.returncode == 0, ran.stderr
    [file] = alice.get("files/")["results"]
    assert f"[image.png (image/png): {file['url']}]" in ran.stdout
    assert alice.rest("GET", f"files/{file['id']}/").content.startswith(b"\x89PNG")


def test_the_help_names_every_option(server: ChatServer, alice: Person):
    told = server.place.manage(server.emulator, "chat", "--help").stdout
    for option in ("--file", "--thinking", "--tools", "--output", "--agent", "--thread"):
        assert option in told
