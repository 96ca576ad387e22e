"""Files over real connections: sent, cut off, too long, fetched in parts and without a token."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPResponse

import httpx2

from tests.conversations.mediafiles import MP3_FRAME, wav
from tests.conversations.samples import photo
from tests.e2e.server import ChatServer, Person, both_servers

MIB = 1024 * 1024
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
FORM = "multipart/form-data; boundary=b"


def send(person: Person, name: str, data: bytes) -> httpx2.Response:
    return person.rest("POST", "files/", files={"file": (name, data)})


def talk(server: ChatServer) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", server.port, timeout=20)


def begin_upload(connection: HTTPConnection, person: Person, **headers: str) -> None:
    connection.putrequest("POST", "/api/files/")
    connection.putheader("Authorization", f"Bearer {person.access}")
    connection.putheader("Content-Type", FORM)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()


def told(answer: HTTPResponse) -> tuple[int, str]:
    return answer.status, json.load(answer)["code"]


def files_of(person: Person) -> list[dict[str, object]]:
    found: list[dict[str, object]] = person.get("files/")["results"]
    return found


def files_left(server: ChatServer) -> set[str]:
    media = server.place.folder / "media"
    return {path.name for path in media.rglob("*") if path.is_file()}


def test_a_file_is_sent_and_heard_in_parts_without_a_token(server: ChatServer, alice: Person):
    data = wav() + MP3_FRAME
    sent = send(alice, "bees.wav", data)
    assert (sent.status_code, sent.json()["mime_type"]) == (201, "audio/wav")

    link = alice.rest("POST", f"files/{sent.json()['id']}/link/").json()["url"]

    whole = server.http.get(link)
    part = server.http.get(link, headers={"Range": "bytes=100-199"})
    beyond = server.http.get(link, headers={"Range": f"bytes={len(data)}-"})
    assert whole.content == data
    assert (part.status_code, part.content) == (206, data[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(data)}"
    assert part.headers["content-length"] == "100"
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(data)}")
    assert server.http.get(link.partition("?")[0]).status_code == 401
    assert link.partition("=")[2] not in server.log()


def test_a_photo_comes_back_bare(server: ChatServer, alice: Person):
    sent = send(alice, "holiday.jpg", photo()).json()

    assert b"Canary" not in alice.rest("GET", f"files/{sent['id']}/").content
    assert (sent["width"], sent["height"]) == (20, 40)


def chunks(size: int) -> Iterator[bytes]:
    for data in [HEAD, *[b"x" * MIB] * (size // MIB), b"\r\n--b--\r\n"]:
        yield b"%x\r\n%s\r\n" % (len(data), data)
    yield b"0\r\n\r\n"


@both_servers
def test_an_upload_without_length_is_cut_at_the_limit(server: ChatServer, alice: Person):
    with closing(talk(server)) as connection:
        begin_upload(connection, alice, Transfer_Encoding="chunked")
        # A server may stop reading as soon as it knows.
        with suppress(BrokenPipeError, ConnectionResetError):
            for chunk in chunks(22 * MIB):
                connection.send(chunk)
        assert told(connection.getresponse()) == (413, "too_large")
    assert files_of(alice) == []


def test_an_upload_that_is_too_long_is_refused_before_it_is_sent(server: ChatServer, alice: Person):
    with closing(talk(server)) as connection:
        begin_upload(connection, alice, Content_Length=str(21 * MIB))
        assert told(connection.getresponse()) == (413, "too_large")


@both_servers
def test_an_upload_with_a_wrong_length_leaves_nothing(server: ChatServer, alice: Person):
    body = HEAD + b"hello\r\n--b--\r\n"
    before = files_left(server)
    with closing(talk(server)) as connection:  # shorter than what is sent: the end is missing
        begin_upload(connection, alice, Content_Length=str(len(body) - 12))
        connection.send(body)
        assert told(connection.getresponse()) == (400, "bad_file")
    with closing(talk(server)) as connection:  # longer: the rest never comes
        begin_upload(connection, alice, Content_Length=str(len(body) + 100))
        connection.send(body)
        assert connection.sock is not None
        connection.sock.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            connection.sock.recv(1024)

    assert files_of(alice) == []
    assert files_left(server) == before


def test_a_server_killed_while_a_file_comes_in_has_nothing_to_clean(make_server):
    server = make_server("uvicorn")
    alice = server.person("alice", with_key=False)
    with closing(talk(server)) as connection:
        begin_upload(connection, alice, Content_Length=str(19 * MIB))
        connection.send(HEAD + b"x" * (10 * MIB))
        server.kill()
    assert files_left(server) == set()

    cleaned = server.place.manage(server.emulator, "cleanmedia")

    assert cleaned.stdout == (
        "Removed 0 files without a row, 0 rows without a file, 0 uploads never sent.\nDone.\n"
    )


def test_a_server_killed_amid_many_uploads_has_bytes_for_every_row(make_server):
    server = make_server("uvicorn")
    alice = server.person("alice", with_key=False)
    data = b"Bees have five eyes.\n" * 20_000
    kept: list[str] = []

    def upload_until_it_dies(number: int) -> None:
        with suppress(httpx2.TransportError):
            for count in range(200):
                answer = send(alice, f"{number}-{count}.txt", data)
                kept.append(answer.json()["id"])

    with ThreadPoolExecutor(4) as pool:
        uploads = [pool.submit(upload_until_it_dies, number) for number in range(4)]
        while len(kept) < 8:
            time.sleep(0.01)
        server.kill()
        for upload in uploads:
            upload.result()

    with closing(server.place.open()) as database:
        rows = dict(database.execute("SELECT file, size_bytes FROM artifacts").fetchall())
    media = server.place.folder / "media"
    assert {path: (media / path).stat().st_size for path in rows} == rows
    assert set(rows.values()) == {len(data)}
    assert len(rows) >= len(kept) >= 8, "what was acknowledged is there"
    server.start()
    assert len({file["id"] for file in files_of(alice)} | set(kept)) == len(rows)
