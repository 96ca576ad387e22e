"""The doors: what passes, and how the rest is refused."""

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator

from chatproject.doors import Doors

HOST = (b"host", b"localhost:8000")
ORIGIN = "http://localhost:8000"


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.ALLOWED_HOSTS = ["localhost", ".example.org"]
    settings.ALLOWED_ORIGINS = [ORIGIN, "https://chat.example.org"]
    settings.REQUEST_MAX_BYTES = 1000
    settings.UPLOAD_MAX_BYTES = 5000


class Inside:
    """Stands behind the doors: remembers what came through, reads the body, answers."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict]] = []

    def app(self, name, headers=()):
        async def answer(scope, receive, send):
            self.seen.append((name, scope))
            if scope["type"] == "websocket":
                await receive()
                await send({"type": "websocket.accept"})
                return
            while (await receive()).get("more_body"):
                pass
            await send({"type": "http.response.start", "status": 200, "headers": [*headers]})
            await send({"type": "http.response.body", "body": name.encode()})

        return answer

    async def startup(self):
        self.seen.append(("startup", {}))

    async def shutdown(self):
        self.seen.append(("shutdown", {}))


@pytest.fixture
def inside():
    return Inside()


@pytest.fixture
def doors(inside):
    return Doors(
        pages=inside.app("pages"),
        stream=inside.app("stream"),
        socket=inside.app("socket"),
        startup=inside.startup,
        shutdown=inside.shutdown,
    )


async def request(doors, path, *, method="GET", headers=(HOST,), chunks=(b"",)):
    """The answer to a request as ``(status, headers, body)``."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": list(headers),
        "root_path": "/evil",
        "query_string": b"",
    }
    talk = ApplicationCommunicator(doors, scope)
    for number, chunk in enumerate(chunks, start=1):
        more = number < len(chunks)
        await talk.send_input({"type": "http.request", "body": chunk, "more_body": more})
    start = await talk.receive_output()
    body = await talk.receive_output()
    await talk.wait()
    return start["status"], dict(start["headers"]), body["body"]


async def knock(doors, path="/chat/stream", *, headers=(HOST,)) -> list[tuple[str, int | None]]:
    """What a web socket client is told: message types and close codes."""
    scope = {"type": "websocket", "path": path, "headers": list(headers), "root_path": "/evil"}
    talk = ApplicationCommunicator(doors, scope)
    await talk.send_input({"type": "websocket.connect"})
    await talk.wait()
    told = []
    while not talk.output_queue.empty():
        message = talk.output_queue.get_nowait()
        told.append((message["type"], message.get("code")))
    return told


ACCEPTED = [("websocket.accept", None)]


def closed(code):
    return [("websocket.accept", None), ("websocket.close", code)]


@pytest.mark.parametrize("path", ["/", "/api/me/", "/chat/stream/", "/chat"])
async def test_other_paths_go_to_django(doors, inside, path):
    status, _, body = await request(doors, path)
    assert (status, body) == (200, b"pages")


async def test_post_on_the_stream_goes_to_the_stream(doors):
    assert (await request(doors, "/chat/stream", method="POST"))[2] == b"stream"


async def test_other_methods_on_the_stream_are_told_what_works(doors, inside):
    status, headers, body = await request(doors, "/chat/stream")
    assert (status, headers[b"allow"]) == (405, b"POST")
    assert json.loads(body)["code"] == "method_not_allowed"
    assert inside.seen == []


async def test_every_answer_carries_the_security_headers(doors):
    for path, method in (("/", "GET"), ("/chat/stream", "POST"), ("/chat/stream", "GET")):
        _, headers, _ = await request(doors, path, method=method)
        assert headers[b"x-content-type-options"] == b"nosniff"
        assert b"frame-ancestors 'none'" in headers[b"content-security-policy"]


@pytest.mark.parametrize(
    ("policy", "framed"),
    [
        (b"sandbox; frame-ancestors 'self'", True),
        (b"default-src 'none'; sandbox", False),
        (b"frame-ancestors 'none'", False),
    ],
)
async def test_only_what_says_so_itself_may_be_shown_in_a_frame(doors, inside, policy, framed):
    doors.pages = inside.app("pages", [(b"Content-Security-Policy", policy)])
    _, headers, _ = await request(doors, "/api/files/x/")
    assert headers[b"Content-Security-Policy"] == policy
    assert (b"x-frame-options" not in headers) == framed
    assert b"content-security-policy" not in headers


async def test_what_a_client_makes_up_does_not_get_in(doors, inside):
    forged = [
        (b"Daphne-Root-Path", b"/evil"),
        (b"x-forwarded-for", b"6.6.6.6"),
        (b"X-Forwarded-Host", b"evil.test"),
        (b"x-forwarded-proto", b"https"),
        (b"x-real-ip", b"6.6.6.6"),
        (b"forwarded", b"for=6.6.6.6"),
    ]
    await request(doors, "/", headers=[HOST, *forged])
    await knock(doors, headers=[HOST, *forged])
    assert [name for name, _ in inside.seen] == ["pages", "socket"]
    for _, scope in inside.seen:
        assert scope["root_path"] == ""
        assert scope["headers"] == [HOST]


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"evil.test")],
        [(b"host", b"")],
        [(b"host", b"localhost"), (b"host", b"evil.test")],
        [(b"host", b"localhost:8000/evil")],
        [(b"host", b"\xff\xfe")],
    ],
)
async def test_an_unknown_host_is_refused(doors, inside, headers):
    assert (await request(doors, "/", headers=headers))[0] == 400
    assert await knock(doors, headers=headers) == closed(4403)
    assert inside.seen == []


@pytest.mark.parametrize("origin", [ORIGIN, "https://chat.example.org"])
async def test_a_listed_origin_may_open_a_socket(doors, origin):
    assert await knock(doors, headers=[HOST, (b"origin", origin.encode())]) == ACCEPTED


async def test_a_program_without_origin_may_open_a_socket(doors):
    assert await knock(doors) == ACCEPTED


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:8001",
        "https://localhost:8000",
        "http://localhost",
        "null",
        "",
        "http://localhost.evil.com",
        "http://localhost:8000.evil.com",
        "http://localhost:8000/",
        "HTTP://LOCALHOST:8000",
        "http://[::1",
        "http://localhost:99999",
        "http://localhost:8000, http://localhost:8000",
        "\xff",
    ],
)
async def test_another_origin_is_refused(doors, inside, origin):
    headers = [HOST, (b"origin", origin.encode("latin-1"))]
    assert await knock(doors, headers=headers) == closed(4403)
    status, _, _ = await request(doors, "/chat/stream", method="POST", headers=headers)
    assert status == 403
    assert inside.seen == []


async def test_two_origins_are_refused(doors):
    headers = [HOST, (b"origin", ORIGIN.encode()), (b"origin", ORIGIN.encode())]
    assert await knock(doors, headers=headers) == closed(4403)


@pytest.mark.parametrize("path", ["/", "/chat", "/chat/stream/", "/admin/", "/chat/stream/x"])
async def test_a_socket_on_another_path_is_closed_as_not_found(doors, path):
    assert await knock(doors, path) == closed(4404)


@pytest.mark.parametrize("length", [b"1001", b"1073741824", b"-1", b"1e3", b"\xb2"])
async def test_a_declared_body_that_is_too_large_is_never_read(doors, inside, length):
    status, headers, body = await request(
        doors, "/api/keys/", method="POST", headers=[HOST, (b"content-length", length)]
    )
    assert (status, json.loads(body)["code"]) == (413, "too_large")
    assert headers[b"connection"] == b"close"
    assert inside.seen == []


async def test_a_body_without_length_is_cut_at_the_limit(doors):
    for path in ("/api/keys/", "/chat/stream"):
        assert (await request(doors, path, method="POST", chunks=[b"x" * 250] * 4))[0] == 200
        assert (await request(doors, path, method="POST", chunks=[b"x" * 250] * 5))[0] == 413


async def test_an_upload_may_be_larger_than_other_requests(doors):
    assert (await request(doors, "/api/files/", method="POST", chunks=[b"x" * 5000]))[0] == 200
    chunks = [b"x" * 40_000] * 2
    assert (await request(doors, "/api/files/", method="POST", chunks=chunks))[0] == 413
    for path in ("/api/files", "/api/files/x/link/", "/api/files//"):
        assert (await request(doors, path, method="POST", chunks=[b"x" * 5000]))[0] == 413


async def test_an_upload_that_is_declared_too_long_is_never_read(doors, inside):
    headers = [HOST, (b"content-length", b"%d" % (5000 + 64 * 1024 + 1))]
    assert (await request(doors, "/api/files/", method="POST", headers=headers))[0] == 413
    assert inside.seen == []


async def test_the_engine_is_told_when_the_server_starts_and_ends(doors, inside):
    talk = ApplicationCommunicator(doors, {"type": "lifespan"})
    await talk.send_input({"type": "lifespan.startup"})
    assert await talk.receive_output() == {"type": "lifespan.startup.complete"}
    await talk.send_input({"type": "lifespan.shutdown"})
    assert await talk.receive_output() == {"type": "lifespan.shutdown.complete"}
    await talk.wait()
    assert [name for name, _ in inside.seen] == ["startup", "shutdown"]


async def test_a_failed_start_is_reported_to_the_server(doors, caplog):
    async def failing():
        await asyncio.sleep(0)
        raise RuntimeError("no database")

    doors.startup = failing
    talk = ApplicationCommunicator(doors, {"type": "lifespan"})
    await talk.send_input({"type": "lifespan.startup"})
    assert (await talk.receive_output())["type"] == "lifespan.startup.failed"
    await talk.wait()
    assert "could not start" in caplog.text
