"""The router in front of Django: what passes, and how the rest is refused."""

import asyncio
import json

import pytest
from asgiref.testing import ApplicationCommunicator

from chatproject import bodies
from chatproject.routing import ProtocolRouter
from common.errors import AppError

HOST = (b"host", b"localhost:8000")
ORIGIN = "http://localhost:8000"


@pytest.fixture(autouse=True)
def addresses(settings):
    settings.ALLOWED_HOSTS = ["localhost", ".example.org"]
    settings.ALLOWED_ORIGINS = [ORIGIN, "https://chat.example.org"]
    settings.REQUEST_MAX_BYTES = 1000
    settings.UPLOAD_MAX_BYTES = 5000


class Inside:
    """Stands behind the router: remembers what came through, reads the body, answers."""

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

    async def identify(self, scope):
        token = dict(scope["headers"]).get(b"authorization", b"")
        if token not in (b"1", b"2"):
            raise AppError("not_authenticated", "Sign in to continue.", status=401)
        return int(token)

    async def startup(self):
        self.seen.append(("startup", {}))

    async def shutdown(self):
        self.seen.append(("shutdown", {}))


@pytest.fixture
def inside():
    return Inside()


@pytest.fixture
def router(inside):
    return ProtocolRouter(
        pages=inside.app("pages"),
        stream=inside.app("stream"),
        socket=inside.app("socket"),
        identify=inside.identify,
        startup=inside.startup,
        shutdown=inside.shutdown,
    )


async def request(router, path, *, method="GET", headers=(HOST,), chunks=(b"",)):
    """The answer to a request as ``(status, headers, body)``."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": list(headers),
        "root_path": "/evil",
        "query_string": b"",
    }
    talk = ApplicationCommunicator(router, scope)
    for number, chunk in enumerate(chunks, start=1):
        more = number < len(chunks)
        await talk.send_input({"type": "http.request", "body": chunk, "more_body": more})
    start = await talk.receive_output()
    body = await talk.receive_output()
    await talk.wait()
    return start["status"], dict(start["headers"]), body["body"]


async def connect(router, path="/chat/stream", *, headers=(HOST,)) -> list[tuple[str, int | None]]:
    """What a web socket client is told: message types and close codes."""
    scope = {"type": "websocket", "path": path, "headers": list(headers), "root_path": "/evil"}
    talk = ApplicationCommunicator(router, scope)
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
async def test_other_paths_go_to_django(router, inside, path):
    status, _, body = await request(router, path)
    assert (status, body) == (200, b"pages")


async def test_post_on_the_stream_goes_to_the_stream(router):
    assert (await request(router, "/chat/stream", method="POST"))[2] == b"stream"


async def test_other_methods_on_the_stream_are_told_what_works(router, inside):
    status, headers, body = await request(router, "/chat/stream")
    assert (status, headers[b"allow"]) == (405, b"POST")
    assert json.loads(body)["code"] == "method_not_allowed"
    assert inside.seen == []


async def test_every_answer_carries_the_security_headers(router):
    for path, method in (("/", "GET"), ("/chat/stream", "POST"), ("/chat/stream", "GET")):
        _, headers, _ = await request(router, path, method=method)
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
async def test_only_what_says_so_itself_may_be_shown_in_a_frame(router, inside, policy, framed):
    router.pages = inside.app("pages", [(b"Content-Security-Policy", policy)])
    _, headers, _ = await request(router, "/api/files/x/")
    assert headers[b"Content-Security-Policy"] == policy
    assert (b"x-frame-options" not in headers) == framed
    assert b"content-security-policy" not in headers


async def test_what_a_client_makes_up_does_not_get_in(router, inside):
    forged = [
        (b"Daphne-Root-Path", b"/evil"),
        (b"x-forwarded-for", b"6.6.6.6"),
        (b"X-Forwarded-Host", b"evil.test"),
        (b"x-forwarded-proto", b"https"),
        (b"x-real-ip", b"6.6.6.6"),
        (b"forwarded", b"for=6.6.6.6"),
    ]
    await request(router, "/", headers=[HOST, *forged])
    await connect(router, headers=[HOST, *forged])
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
async def test_an_unknown_host_is_refused(router, inside, headers):
    assert (await request(router, "/", headers=headers))[0] == 400
    assert await connect(router, headers=headers) == closed(4403)
    assert inside.seen == []


@pytest.mark.parametrize("origin", [ORIGIN, "https://chat.example.org"])
async def test_a_listed_origin_may_open_a_socket(router, origin):
    assert await connect(router, headers=[HOST, (b"origin", origin.encode())]) == ACCEPTED


async def test_a_program_without_origin_may_open_a_socket(router):
    assert await connect(router) == ACCEPTED


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
async def test_another_origin_is_refused(router, inside, origin):
    headers = [HOST, (b"origin", origin.encode("latin-1"))]
    assert await connect(router, headers=headers) == closed(4403)
    status, _, _ = await request(router, "/chat/stream", method="POST", headers=headers)
    assert status == 403
    assert inside.seen == []


async def test_two_origins_are_refused(router):
    headers = [HOST, (b"origin", ORIGIN.encode()), (b"origin", ORIGIN.encode())]
    assert await connect(router, headers=headers) == closed(4403)


@pytest.mark.parametrize("path", ["/", "/chat", "/chat/stream/", "/admin/", "/chat/stream/x"])
async def test_a_socket_on_another_path_is_closed_as_not_found(router, path):
    assert await connect(router, path) == closed(4404)


@pytest.mark.parametrize("length", [b"1001", b"1073741824", b"-1", b"1e3", b"\xb2"])
async def test_a_declared_body_that_is_too_large_is_never_read(router, inside, length):
    status, headers, body = await request(
        router, "/api/keys/", method="POST", headers=[HOST, (b"content-length", length)]
    )
    assert (status, json.loads(body)["code"]) == (413, "too_large")
    assert headers[b"connection"] == b"close"
    assert inside.seen == []


async def test_a_body_without_length_is_cut_at_the_limit(router):
    for path in ("/api/keys/", "/chat/stream"):
        assert (await request(router, path, method="POST", chunks=[b"x" * 250] * 4))[0] == 200
        assert (await request(router, path, method="POST", chunks=[b"x" * 250] * 5))[0] == 413


async def test_an_upload_may_be_larger_than_other_requests(router):
    assert (await request(router, "/api/files/", method="POST", chunks=[b"x" * 5000]))[0] == 200
    chunks = [b"x" * 40_000] * 2
    assert (await request(router, "/api/files/", method="POST", chunks=chunks))[0] == 413
    for path in ("/api/files", "/api/files/x/link/", "/api/files//"):
        assert (await request(router, path, method="POST", chunks=[b"x" * 5000]))[0] == 413


async def test_an_upload_that_is_declared_too_long_is_never_read(router, inside):
    headers = [HOST, (b"content-length", b"%d" % (5000 + 64 * 1024 + 1))]
    assert (await request(router, "/api/files/", method="POST", headers=headers))[0] == 413
    assert inside.seen == []


def sending(length: int, token: bytes | None = None) -> dict:
    """A large upload of a user, or of somebody unknown."""
    headers = [HOST, (b"content-length", b"%d" % length)]
    known = [] if token is None else [(b"authorization", token)]
    return {"path": "/api/files/", "method": "POST", "headers": [*headers, *known]}


@pytest.fixture
def large(settings):
    settings.UPLOAD_MAX_BYTES = 1_000_000
    settings.REQUESTS_BYTES_PER_USER, settings.REQUESTS_BYTES = 1_500_000, 2_500_000


async def test_a_large_body_of_somebody_unknown_is_never_read(router, inside, large):
    for token in (None, b"3"):
        status, headers, body = await request(router, **sending(100_000, token))
        assert (status, json.loads(body)["code"]) == (401, "not_authenticated")
        assert headers[b"connection"] == b"close"
        assert b"Bearer" in headers[b"www-authenticate"]
    assert inside.seen == []


async def test_without_a_length_no_more_is_read_than_a_sign_in_needs(router, large):
    async def upload(chunks, headers=()):
        return await request(
            router, "/api/files/", method="POST", headers=[HOST, *headers], chunks=chunks
        )

    assert (await upload([b"x" * 30_000] * 2))[0] == 200
    assert (await upload([b"x" * 30_000] * 3))[0] == 401
    assert (await upload([b"x" * 30_000] * 3, [(b"authorization", b"1")]))[0] == 200
    assert router.in_flight._bytes == {}


class Upload:
    """A request that is being sent."""

    def __init__(self, router, length, token) -> None:
        scope = {"type": "http", "root_path": "", "query_string": b"", **sending(length, token)}
        self.talk = ApplicationCommunicator(router, scope)

    async def send(self, count, more_body=True):
        message = {"type": "http.request", "body": b"x" * count, "more_body": more_body}
        await self.talk.send_input(message)

    async def answer(self):
        start, body = await self.talk.receive_output(), await self.talk.receive_output()
        await self.talk.wait()
        return start["status"], dict(start["headers"]), body["body"]


async def test_what_is_under_way_is_bounded_per_user_and_in_all(router, large):
    first = Upload(router, 900_000, b"1")
    await first.send(1000)
    await asyncio.sleep(0)

    status, headers, body = await Upload(router, 900_000, b"1").answer()
    assert (status, json.loads(body)["code"]) == (429, "busy")
    assert headers[b"retry-after"] == b"5"

    others = Upload(router, 900_000, b"2")
    await others.send(1000)
    await asyncio.sleep(0)
    status, _, body = await Upload(router, 800_000, b"1").answer()
    assert status == 429
    router.in_flight._bytes[3] = 800_000
    status, _, body = await Upload(router, 500_000, b"2").answer()
    assert (status, json.loads(body)["code"]) == (503, "busy")
    del router.in_flight._bytes[3]

    for upload in (first, others):
        await upload.send(10, more_body=False)
        assert (await upload.answer())[0] == 200
    assert router.in_flight._bytes == {}


@pytest.mark.parametrize("lack", ["rate", "time"])
async def test_a_body_that_comes_in_too_slowly_is_given_up(router, settings, monkeypatch, lack):
    monkeypatch.setattr(bodies, "GRACE_S", 0.2 if lack == "rate" else 60)
    settings.REQUEST_MIN_BYTES_PER_S = 1000
    settings.REQUEST_MAX_S = 0.2 if lack == "time" else 60
    upload = Upload(router, 4000, b"1")
    await upload.send(100)

    status, headers, body = await upload.answer()

    assert (status, json.loads(body)["code"]) == (408, "too_slow")
    assert headers[b"connection"] == b"close"


async def test_each_byte_buys_time(router, settings, monkeypatch):
    monkeypatch.setattr(bodies, "GRACE_S", 0.1)
    settings.REQUEST_MIN_BYTES_PER_S = 1000
    upload = Upload(router, 1000, b"1")
    await upload.send(999)
    await asyncio.sleep(0.4)
    await upload.send(1, more_body=False)

    assert (await upload.answer())[0] == 200


async def test_the_engine_is_told_when_the_server_starts_and_ends(router, inside):
    talk = ApplicationCommunicator(router, {"type": "lifespan"})
    await talk.send_input({"type": "lifespan.startup"})
    assert await talk.receive_output() == {"type": "lifespan.startup.complete"}
    await talk.send_input({"type": "lifespan.shutdown"})
    assert await talk.receive_output() == {"type": "lifespan.shutdown.complete"}
    await talk.wait()
    assert [name for name, _ in inside.seen] == ["startup", "shutdown"]


async def test_a_failed_start_is_reported_to_the_server(router, caplog):
    async def failing():
        await asyncio.sleep(0)
        raise RuntimeError("no database")

    router.startup = failing
    talk = ApplicationCommunicator(router, {"type": "lifespan"})
    await talk.send_input({"type": "lifespan.startup"})
    assert (await talk.receive_output())["type"] == "lifespan.startup.failed"
    await talk.wait()
    assert "could not start" in caplog.text
