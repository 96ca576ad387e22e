"""``POST /chat/stream``: an AG-UI ``RunAgentInput`` in, server-sent events out.

Each event has the id ``<runId>:<seq>``. A client that lost the connection posts the same input
again with ``Last-Event-ID`` and gets the rest: the run id makes the two requests one run.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from accounts.tokens import Identity, authenticate, bearer_token
from agents.protocol.run_input import request_from_json
from agents.runs import manager, service
from apikeys.rights import Right, Standing
from common.asgi import Receive, Send, send_error
from common.database import in_database
from common.errors import AppError

logger = logging.getLogger(__name__)

HEARTBEAT_S = 15.0
HEARTBEAT = b": still here\n\n"
SIGN_IN_AGAIN = b": sign in again to go on\n\n"
# The last one tells nginx not to collect an answer before it passes it on.
HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application of this path and method."""
    try:
        await _answer(scope, receive, send)
    except AppError as error:
        await send_error(send, error)


async def _answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Raises before anything is sent, and nothing after."""
    headers = dict(scope["headers"])
    token = bearer_token(headers.get(b"authorization", b""))
    identity = await in_database(authenticate, token)
    request = request_from_json(await _body(receive))
    stream = _Stream(identity, send)
    connections = (await manager.current()).connections
    # Before the message is stored: a refusal must leave nothing behind.
    connections.add(stream, identity.user_id)
    try:
        run_id = (await service.start(identity.sign_in, request)).run_id
        last_event_id = headers.get(b"last-event-id", b"")
        await stream.run(run_id, _last_seq(last_event_id, str(run_id)), receive)
    finally:
        connections.remove(stream, identity.user_id)


class _Stream:
    """One response. Like a socket it ends with its access token. A socket can renew its token in
    place; here the client sends the request again with a new one, and continues where it was."""

    def __init__(self, identity: Identity, send: Send) -> None:
        self._identity = identity
        self._send = send
        self._sign_in_ended = asyncio.Event()

    @property
    def rights(self) -> list[Right]:
        return [Right(self._identity.sign_in)]

    async def on_standing(self, right: Right, standing: Standing) -> None:
        if standing.code:
            self._sign_in_ended.set()

    async def run(self, run_id: UUID, after: int, receive: Receive) -> None:
        """Send until the run has ended, the client has left, or its sign-in has ended."""
        await self._send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        events = asyncio.create_task(self._send_events(run_id, after))
        left = asyncio.create_task(_disconnected(receive))
        signed_out = asyncio.create_task(self._sign_in_ended.wait())
        tasks = (events, left, signed_out)
        # Each of these ends the response. The client's leaving has to be read for: an ASGI server
        # tells of it only to who receives, and ``send`` goes on without an error.
        lasts_s = (self._identity.expires_at - datetime.now(UTC)).total_seconds()
        await asyncio.wait(tasks, timeout=max(lasts_s, 0), return_when=asyncio.FIRST_COMPLETED)
        is_over, has_left = events.done(), left.done()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not has_left:
            body = b"" if is_over else SIGN_IN_AGAIN
            await self._send({"type": "http.response.body", "body": body})

    async def _send_events(self, run_id: UUID, after: int) -> None:
        """The events, and a comment whenever none came for a while."""
        try:
            stream = await service.follow(self._identity.user_id, run_id, after)
            while True:
                # Cancelling ``anext`` loses no event: see ``replay``. A heartbeat keeps proxies
                # from closing a connection on which nothing moves while a model thinks.
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        events = await anext(stream, None)
                except TimeoutError:
                    body = HEARTBEAT
                else:
                    if events is None:
                        return
                    text = "".join(f"id: {run_id}:{seq}\ndata: {data}\n\n" for seq, data in events)
                    body = text.encode("utf-8", "replace")
                await self._send({"type": "http.response.body", "body": body, "more_body": True})
        except service.Resync:
            pass  # the stream ends without a terminal event, and the client sends its request again
        except Exception:
            logger.exception("A stream of events broke off")


async def _body(receive: Receive) -> bytes:
    """The whole request body; its size is limited before it gets here."""
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise AppError("invalid_frame", "The request broke off.")
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _last_seq(value: bytes, run_id: str) -> int:
    """The seq in ``Last-Event-ID``; 0 if there is none.

    Raises:
        AppError: ``invalid_input``, it is not one of this run's.
    """
    if not value:
        return 0
    run, _, seq = value.decode("latin-1").rpartition(":")
    # Another run's id would not be noticed otherwise: its numbers look the same. ``isascii``,
    # because ``int`` also reads digits of other scripts; nine of them fit the column.
    if run != run_id or not seq.isascii() or not seq.isdecimal() or len(seq) > 9:
        raise AppError("invalid_input", "Last-Event-ID does not belong to this run.")
    return int(seq)
