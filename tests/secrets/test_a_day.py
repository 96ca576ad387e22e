"""A day in the life of a key, with every trouble there is; then the search for it, everywhere."""

from __future__ import annotations

import secrets
from contextlib import closing

import pytest

from emulator.testing import Emulator
from tests.e2e.server import ChatServer
from tests.e2e.test_media import LARGE_PDF
from tests.people import PASSWORD, assert_secret_free, new_secret
from tests.secrets.conftest import Tape
from tests.secrets.exits import Administrator, Recorded, operate

FAULTS = [
    *(f"error={status}" for status in (400, 401, 403, 404, 429, 500, 503, 504)),
    "html=502",
    "cut=3",
    "eof=3",
    "midstream=503 after=2",
    "badjson=2",
    "block=SAFETY",
    "finish=SAFETY",
    "leak",
    "text: leak",
    "text: error=403",
]
EXITS = {"rest", "socket", "sse", "admin", "commands", "files"}


def googles_words(key: str) -> list[dict]:
    """Answers of Google's that hold the caller's key."""
    detail = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "CONSUMER_SUSPENDED",
        "metadata": {"containerInfo": key, "consumer": f"api_key:{key}"},
    }
    message = f"Permission denied: Consumer 'api_key:{key}' has been suspended."
    error = {"code": 403, "message": message, "status": "PERMISSION_DENIED", "details": [detail]}
    return [
        {"status": 403, "body": {"error": error}},
        {"status": 400, "body": {"error": error | {"code": 400, "status": "INVALID_ARGUMENT"}}},
        {"status": 502, "body": f"<html><body>upstream said {key}</body></html>"},
        {"frames": [{"error": error}]},
        {"frames": ['{"candidates": [{"content": "' + key]},
        {"texts": ["It is ", key[:7], key[7:20], key[20:], ", all of it."]},
        {"texts": [f"Backwards {key} and forwards {key}."], "thoughts": [f"The key is {key}."]},
    ]


@pytest.fixture
def day(server: ChatServer, emulator: Emulator, tape: Tape) -> tuple[list[str], str]:
    """The day; returns all secrets that were about, and one that was said aloud on purpose."""
    assert (
        operate(
            server,
            tape,
            *("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com"),
            DJANGO_SUPERUSER_PASSWORD=PASSWORD,
        )
        == 0
    )
    alice = Recorded(server.person("alice", with_key=False), tape)
    bob = Recorded(server.person("bob", with_key=False), tape)
    used, told = keys_come_and_go(alice, emulator), new_secret()
    current = used[-1]
    borrow(alice, bob)

    for fault in FAULTS:
        alice.ask(f"Write a story.\n/emulate {fault}", new=True)
    for step in googles_words(current):
        emulator.script(step, key=current)
        alice.ask("Tell me about it.", new=True)
    for step in googles_words(current)[:3]:
        emulator.script(step, key=current, method="models")
        alice.rest("POST", f"keys/{alice.person.key_id}/verify/")
    files_come_and_go(alice, emulator, current)
    for steps in tools_that_tell(current):
        emulator.script(steps, key=current)
        alice.ask("What is the latest news?", new=True, agent="auto")
    bob.ask("Which key is this?\n/emulate leak")
    alice.ask_over_http("And over here?\n/emulate leak")
    alice.ask(f"I happen to say {told} aloud.", allowKey=True)

    used.append(administer(server, emulator, tape))
    for person in (alice, bob):
        read(person)
    command(server, tape)
    server.stop()
    tape.keep("files", b"\0".join(path.read_bytes() for path in files_of(server)))
    return used, told


def keys_come_and_go(alice: Recorded, emulator: Emulator) -> list[str]:
    """Keys are added, refused, replaced and set up; returns all of them, the stored one last."""
    secrets_ = [emulator.new_key(bad) for bad in ("invalid", "blocked", "suspended")]
    for secret in secrets_:
        body = {"name": "refused", "key": f' "{secret}"\n'}
        assert alice.rest("POST", "keys/", json=body).status_code == 400
    secrets_ += [emulator.new_key(), emulator.new_key()]
    body = {"name": "work", "key": f"Bearer {secrets_[-2]}"}
    key_id = alice.rest("POST", "keys/", json=body).json()["id"]
    alice.person.key_id = key_id
    path = f"keys/{key_id}/"
    assert alice.rest("POST", f"{path}replace/", json={"key": secrets_[-1]}).status_code == 200
    assert alice.rest("POST", f"{path}replace/", json={"key": secrets_[0]}).status_code == 400
    assert alice.rest("POST", f"{path}verify/").json()["status"] == "active"
    assert alice.rest("PATCH", path, json={"monthly_tokens": 10**9}).status_code == 200
    return secrets_


def files_come_and_go(alice: Recorded, emulator: Emulator, key: str) -> None:
    """Files are estimated, counted, brought to Google, lost there, made, and fetched by links."""
    files = [
        alice.person.upload("notes.txt", b"Five eyes."),
        alice.person.upload("a.pdf", LARGE_PDF),
    ]
    body = {"text": "What are these?", "attachments": [file["id"] for file in files]}
    for exact in (False, True):
        assert alice.rest("POST", "estimate/", json=body | {"exact": exact}).status_code == 200
    for step in googles_words(key)[:3]:
        emulator.script(step, key=key, method="countTokens")
        assert alice.rest("POST", "estimate/", json=body | {"exact": True}).status_code >= 400
    alice.ask("What are these?", files=files)
    emulator.expire_files(key=key)
    alice.ask("And now?")
    alice.ask("Both?\n/emulate file=gone\n/emulate leak", agent="direct")
    for text, output in (("A fox", "image"), ("Make it blue", "image"), ("Hello", "speech")):
        alice.ask(text, agent="media", output=output)
    alice.ask("Count the latest news /emulate leak", agent="direct", new=True)
    made = alice.rest("GET", "files/").json()["results"]
    assert {file["mime_type"] for file in made} >= {"image/png", "audio/wav", "text/html"}
    for file in made:
        link = alice.rest("POST", f"files/{file['id']}/link/").json()["url"]
        fetched = alice.person.server.http.get(link)
        alice.tape.keep("rest", f"{fetched.status_code} {fetched.headers}")
        alice.tape.keep("rest", fetched.content)
    copies = emulator.files(key=key)
    # Lapsed, lost while it was asked about, and brought anew.
    assert [copy["expired"] for copy in copies] == [True, True, False]


def tools_that_tell(key: str) -> list[dict]:
    """Answers in which everything but the words holds the key: code, sources, calls, files."""
    code = {"executableCode": {"language": "PYTHON", "code": f"print('{key}')"}}
    ran = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": f"{key}\n"}}
    grounding = {
        "webSearchQueries": [f"whose key is {key}"],
        "groundingChunks": [{"web": {"uri": f"https://example.com/?key={key}", "title": key}}],
        "searchEntryPoint": {"renderedContent": f"<p>{key}</p>"},
    }
    said = {"role": "model", "parts": [code, ran, {"text": "That is all."}]}
    page = {"retrievedUrl": f"https://example.com/{key}"}
    told = {
        "content": said,
        "finishReason": "STOP",
        "groundingMetadata": grounding,
        "urlContextMetadata": {"urlMetadata": [page]},
    }
    passed_on = {"task": f"Repeat {key} after me.", "reason": f"It is {key}."}
    return [
        {"frames": [{"candidates": [told]}]},
        {"calls": [{"name": "ask_text_agent", "args": passed_on}]},
        {"calls": [{"name": f"send_{key}", "args": {"to": key}}]},
    ]


def borrow(alice: Recorded, bob: Recorded) -> None:
    body = {"borrower": bob.person.username, "label": "the team's"}
    path = f"keys/{alice.person.key_id}/"
    assert alice.rest("POST", f"{path}loans/", json=body).status_code == 201
    assert bob.rest("POST", f"{path}select/").status_code == 200


def administer(server: ChatServer, emulator: Emulator, tape: Tape) -> str:
    """Look at all there is in the admin, and type a key in; returns that key."""
    secret, keys = emulator.new_key(), "/admin/apikeys/userapikey/"
    with closing(Administrator(server, tape)) as root:
        root.post(f"{keys}add/", user="1", name="typed in", secret=secret)
        pages = root.crawl("/admin/")
    assert sum(path.startswith(keys) and "/change/" in path for path in pages) == 2
    assert any("/admin/conversations/run/" in path and "/change/" in path for path in pages)
    return secret


def read(person: Recorded) -> None:
    """Everything that REST has for this person, the files of their threads too."""
    threads = [thread["id"] for thread in person.rest("GET", "threads/").json()["results"]]
    keys = [key["id"] for key in person.rest("GET", "keys/").json()]
    files = [file["id"] for file in person.rest("GET", "files/").json()["results"]]
    paths = person.read_everything(
        thread_id=threads, run_id=person.run_ids, key_id=keys, file_id=files
    )
    wanted = {"/api/keys/", "/api/keys/{key_id}/audit/", "/api/threads/{thread_id}/export/"}
    wanted |= {"/api/files/", "/api/models/"} | ({"/api/files/{file_id}/"} if files else set())
    assert wanted <= paths


def command(server: ChatServer, tape: Tape) -> None:
    """What an operator does, up to a rotation of the master key."""
    assert operate(server, tape, "listkeys") == 0
    assert operate(server, tape, "verifykeys") == 0
    assert operate(server, tape, "dumpdata", "--indent", "1") == 0
    assert operate(server, tape, "check", "--database", "default") == 0
    ring = f"{secrets.token_urlsafe(48)},{server.place.secrets['FERNET_KEYS']}"
    assert operate(server, tape, "rotatekeys", FERNET_KEYS=ring) == 0


def files_of(server: ChatServer) -> list:
    """The database, the log and all else that the server wrote."""
    return [path for path in server.place.folder.rglob("*") if path.is_file()]


def test_no_key_is_found_anywhere_and_what_was_said_aloud_is(day, server, tape):
    used, told = day
    assert set(tape.pieces) == EXITS
    for exit_ in EXITS:
        for secret in used:
            assert_secret_free(tape.of(exit_), secret)
    # The search finds what is there: the key-like words of a message, wherever messages go.
    for exit_ in ("rest", "commands", "files"):
        with pytest.raises(AssertionError, match="traces of a key"):
            assert_secret_free(tape.of(exit_), told)
    # And what was searched is what was meant to be.
    assert tape.of("socket").count(b"[removed key]") >= 4
    assert b"[removed key]" in tape.of("sse")
    for code in (b"invalid_key", b"key_blocked", b"quota", b"overloaded", b"upstream_error"):
        assert code in tape.of("socket")
    log = server.log()
    assert log.count(" DEBUG ") > 1000
    assert "httpcore2" in log
    assert b"gAAAA" in tape.of("commands")  # a dump holds keys as they are stored
    assert b"conversations.geminifile" in tape.of("commands")
    assert b"/v1beta/files/" in tape.of("files")
    for found in (b'"exact":true', b"?link=", b"<p>[removed key]</p>"):
        assert found in tape.of("rest")
