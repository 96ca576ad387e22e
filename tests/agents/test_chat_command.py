"""``manage.py chat`` in this process: what is typed, asked and printed."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from agents.management.commands.chat import _AGENT_LINE, PASSWORD_VARIABLE
from emulator.testing import Emulator
from tests.conversations.documents import zipped
from tests.conversations.factories import open_run
from tests.conversations.samples import picture
from tests.people import PASSWORD, client_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("work")]


@dataclass
class Terminal:
    """Alice at the command line, and her REST client beside it."""

    rest: APIClient
    emulator: Emulator
    monkeypatch: pytest.MonkeyPatch

    def chat(self, *words: str, typed: str = "", password: str = PASSWORD) -> tuple[int, str]:
        """The exit code and what was printed."""
        self.monkeypatch.setenv(PASSWORD_VARIABLE, password)
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        printed = io.StringIO()
        try:
            call_command("chat", "alice", *words, stdout=printed)
        except CommandError as error:
            return 1, f"{printed.getvalue()}{error}"
        except SystemExit as ended:
            return int(ended.code or 0), printed.getvalue()
        return 0, printed.getvalue()

    def get(self, path: str) -> Any:
        return self.rest.get(f"/api/{path}").json()

    def upstream(self) -> list[dict[str, Any]]:
        """The bodies of the requests for answers."""
        requests = self.emulator.requests()
        return [request["body"] for request in requests if request["method"] == "POST"]


@pytest.fixture
def terminal(
    alice: User,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    tmp_path: Path,
) -> Terminal:
    settings.MEDIA_ROOT = tmp_path / "media"
    return Terminal(client_for(alice), emulator, monkeypatch)


def test_a_failure_is_told_in_a_sentence(terminal: Terminal):
    code, printed = terminal.chat("-m", "Hello /emulate error=403")
    assert code == 1
    assert "Google refuses this key" in printed


def test_only_the_right_password_gets_in(terminal: Terminal):
    code, printed = terminal.chat("-m", "Hello", password="wrong")
    assert (code, printed) == (1, "There is no active user with this name and password.")
    assert terminal.upstream() == []


def test_lines_are_messages_of_one_conversation_until_the_input_ends(terminal: Terminal):
    code, printed = terminal.chat(typed="/agent nobody\n\n/agent direct\nHello\n/agents?\n")
    assert code == 0
    assert "There is no agent 'nobody'. Choose one of: " in printed
    assert "From now on: direct." in printed
    [thread] = terminal.get("threads/")["results"]
    history = terminal.get(f"threads/{thread['id']}/messages/")
    asked = [message["text"] for message in history["messages"] if message["role"] == "user"]
    assert asked == ["Hello", "/agents?"]
    assert len(terminal.upstream()) == 2


@pytest.mark.parametrize("line", ["/agent of change", "/agent", "@text Hi", " /agent text"])
def test_other_lines_are_messages(line: str):
    assert _AGENT_LINE.fullmatch(line) is None


def test_files_go_with_the_first_message(terminal: Terminal, tmp_path: Path):
    notes, dot = tmp_path / "notes.txt", tmp_path / "dot.png"
    notes.write_text("Bees have five eyes.")
    dot.write_bytes(picture())
    files = ("--file", str(notes), "-f", str(dot))
    code, printed = terminal.chat(*files, typed="What is in these?\nAnd now?\n")
    assert code == 0
    assert "2 files arrived" in printed
    [thread] = terminal.get("threads/")["results"]
    first, _, second, _ = terminal.get(f"threads/{thread['id']}/messages/")["messages"]
    assert [file["name"] for file in first["attachments"]] == ["notes.txt", "dot.png"]
    assert not second.get("attachments")
    stored = terminal.get("files/")["results"]
    assert {file["thread_id"] for file in stored} == {thread["id"]}
    parts = terminal.upstream()[0]["contents"][-1]["parts"]
    kinds = [part["inlineData"]["mimeType"] for part in parts[:2]]
    assert kinds == ["text/plain", "image/png"]


def test_a_file_that_is_not_taken_is_named_and_nothing_is_asked(terminal: Terminal, tmp_path: Path):
    archive = tmp_path / "bees.zip"
    archive.write_bytes(zipped({"a.txt": "a"}))
    for path, why in (
        (archive, "This is an archive (.zip)"),
        (tmp_path / "gone.txt", "No such file"),
    ):
        code, printed = terminal.chat("-m", "What is this?", "--file", str(path))
        assert code == 1
        assert printed.startswith(f"{path}: {why}")
    many = [word for number in range(17) for word in ("--file", f"{number}.txt")]
    assert "at most 16 files" in terminal.chat("-m", "These?", *many)[1]
    assert terminal.get("files/")["results"] == terminal.get("threads/")["results"] == []
    assert terminal.upstream() == []


def test_what_is_chosen_for_an_answer_goes_upstream(terminal: Terminal):
    words = ("-m", "What is the latest news about bees?", "--agent", "direct")
    code, printed = terminal.chat(*words, "--thinking", "low", "--tools", "search")
    assert code == 0
    assert "[sources]\n  1. " in printed
    assert terminal.chat(*words, "--tools", "none")[0] == 0
    searching, plain = terminal.upstream()
    assert searching["tools"] == [{"googleSearch": {}}]
    assert searching["generationConfig"]["thinkingConfig"]["thinkingLevel"] == "low"
    assert "tools" not in plain
    code, refusal = terminal.chat(*words, "--tools", "search,telepathy")
    assert code == 1
    assert "unknown: telepathy" in refusal


def test_files_that_agents_make_are_shown_as_addresses(terminal: Terminal):
    code, printed = terminal.chat("-m", "A fox", "--agent", "media", "--output", "image")
    assert code == 0
    [file] = terminal.get("files/")["results"]
    assert f"[image.png (image/png): {file['url']}]" in printed


def test_the_conversation_of_another_person_is_not_gone_on_with(terminal: Terminal, bob: User):
    his = open_run(bob)
    assert terminal.chat("--thread", str(his.thread_id), "-m", "Hi") == (
        1,
        "There is no such thread.\n",
    )
    assert terminal.upstream() == []
