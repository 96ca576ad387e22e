"""The web socket: parses frames, calls ``service``, sends what comes back."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from accounts.tokens import Identity, authenticate, bearer_token
from agents.protocol import frames, run_input
from agents.runs import manager, service
from agents.runs.connections import ConnectionRegistry
from agents.transports.delivery import EventDelivery, SlowConsumer
from apikeys.rights import Right, Standing
from common.database import in_database
from common.database_errors import DatabaseUnavailable
from common.errors import AppError
from common.outages import app_error
from common.throttle import TokenBucket, throttled

CLOSE_SIGN_IN, CLOSE_SLOW, CLOSE_TOO_MUCH = 4401, 4408, 4429

UNITS_PER_S_BEFORE_SIGN_IN = 20.0
REJECTED_PER_S, REJECTED_BURST_S = 2.0, 10.0  # frames over the limit, before the socket is closed
BAD_FRAMES = 20
FOLLOWED_RUNS = 20
WATCHED_THREADS = 20
WATCH_RETRY_S = 1.0
REMEMBERED_RUNS = 100


class ChatConsumer(AsyncWebsocketConsumer):
    """One socket. Runs are not its own: they go on when it closes."""

    channel_layer_alias = "none"  # a layer would be one more thing that can be away

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.identity: Identity | None = None
        self._connections: ConnectionRegistry | None = None
        self._deliveries: dict[UUID, tuple[EventDelivery, asyncio.Task[None]]] = {}
        # Runs that were followed from their start. Their message sent again brings no events again.
        self._delivered: deque[UUID] = deque(maxlen=REMEMBERED_RUNS)
        self._watches: dict[UUID, Callable[[], None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._deadline: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None
        self._rate_limit = TokenBucket(UNITS_PER_S_BEFORE_SIGN_IN)
        self._rejections = TokenBucket(REJECTED_PER_S, REJECTED_BURST_S)
        self._bad_frames = 0
        self._closed = False

    async def connect(self) -> None:
        # Before anybody has signed in: browsers cannot send a header with a socket, so the token
        # comes in a frame; and the close code of a socket that was never accepted does not reach a
        # page.
        await self.accept()
        self._close_after(settings.SOCKET_AUTH_S, CLOSE_SLOW)
        token = bearer_token(dict(self.scope["headers"]).get(b"authorization", b""))
        if token:
            await self._reporting(self._sign_in(token))

    async def disconnect(self, code: int) -> None:
        self._release()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._closed:
            return
        limit = settings.SOCKET_MAX_FRAME_BYTES
        # Paid before it is parsed, or a flood of frames that are refused would cost its sender
        # nothing.
        if wait_s := self._rate_limit.take(frames.PARSING_COST):
            await self._reject(_too_many_frames(wait_s))
        elif text_data is None or len(text_data.encode()) > limit:
            message = f"A frame is JSON text of at most {limit:,} bytes."
            await self._reject(AppError("invalid_frame", message))
        else:
            await self._reporting(self._receive(text_data))

    @property
    def rights(self) -> list[Right]:
        return [Right(self.identity.sign_in)] if self.identity else []

    async def on_standing(self, right: Right, standing: Standing) -> None:
        # The sign-in that was checked may not be the socket's any more: it can renew in place.
        if standing.code and self.identity and right.sign_in == self.identity.sign_in:
            await self._end(CLOSE_SIGN_IN)

    async def _receive(self, text: str) -> None:
        frame = frames.parse_frame(text)
        if wait_s := self._rate_limit.take(frame.cost - frames.PARSING_COST):
            ref = frame.ref if isinstance(frame, frames.RunFrame) else None
            await self._reject(_too_many_frames(wait_s), ref)
        elif isinstance(frame, frames.AuthFrame):
            await self._sign_in(frame.token)
        elif isinstance(frame, frames.PingFrame):
            await self._send({"op": "pong"})
        elif self.identity is None:
            raise AppError("not_authenticated", "Send your access token first.", status=401)
        else:
            await self._dispatch(frame, self.identity)

    async def _dispatch(self, frame: frames.Frame, identity: Identity) -> None:
        user_id = identity.user_id
        match frame:
            case frames.RunFrame():
                await self._run(frame, identity)
            case frames.FollowFrame(run_id=run_id, after=after):
                self._follow(user_id, run_id, after)
            case frames.WatchFrame(thread_id=thread_id):
                await self._watch(user_id, thread_id)
            case frames.CancelFrame(run_id=run_id):
                await service.cancel(user_id, run_id)
            case frames.AckFrame(run_id=run_id, seq=seq):
                if run_id in self._deliveries:
                    self._deliveries[run_id][0].ack(seq)

    async def _sign_in(self, token: str) -> None:
        """Accept a token, for a new sign-in or in the place of one that is about to end."""
        if self.identity is None and self._deadline is not None:
            self._deadline.cancel()  # the time to sign in does not run while the database is slow
        try:
            identity = await in_database(authenticate, token)
        finally:
            if self.identity is None:
                self._close_after(settings.SOCKET_AUTH_S, CLOSE_SLOW)
        connections = (await manager.current()).connections
        rate_limit = connections.bucket(identity.user_id)
        if self.identity is None:
            # From the user's own bucket, so that a new connection is no way around its limit.
            if wait_s := rate_limit.take(frames.AuthFrame.cost):
                raise _too_many_frames(wait_s)
            connections.add(self, identity.user_id)
            self._connections = connections
        elif self.identity.user_id != identity.user_id:
            raise AppError("not_authenticated", "This socket is somebody else's.", status=401)
        self.identity, self._rate_limit = identity, rate_limit
        lasts_s = (identity.expires_at - datetime.now(UTC)).total_seconds()
        self._close_after(max(lasts_s, 0), CLOSE_SIGN_IN)
        ends = identity.expires_at.isoformat()
        await self._send({"op": "ready", "userId": identity.user_id, "expiresAt": ends})

    async def _run(self, frame: frames.RunFrame, identity: Identity) -> None:
        try:
            started = await service.start(identity.sign_in, run_input.request_from(frame.input))
        except AppError as error:
            await self._reject(error, frame.ref)
            return
        accepted: dict[str, Any] = {"op": "accepted"}
        if frame.ref is not None:
            accepted["ref"] = frame.ref
        ids = {
            "runId": str(started.run_id),
            "threadId": str(started.thread_id),
            "messageId": str(started.message_id),
        }
        await self._send(accepted | ids)
        if started.run_id not in self._delivered and started.run_id not in self._deliveries:
            self._delivered.append(started.run_id)
            self._follow(identity.user_id, started.run_id, 0)

    def _follow(self, user_id: int, run_id: UUID, after: int) -> None:
        # Followed again it starts anew: the client says where it is, and no event comes twice.
        earlier = self._deliveries.pop(run_id, None)
        if earlier:
            earlier[1].cancel()
        if len(self._deliveries) >= FOLLOWED_RUNS:
            message = "This socket follows too many answers already."
            raise AppError("too_many_follows", message, status=429)
        delivery = EventDelivery(user_id, run_id, self._send_text)
        self._deliveries[run_id] = delivery, self._spawn(self._deliver(delivery, run_id, after))

    async def _deliver(self, delivery: EventDelivery, run_id: UUID, after: int) -> None:
        try:
            await self._reporting(delivery.run(after))
        except SlowConsumer:
            await self._end(CLOSE_SLOW)
        finally:
            # Unless it was replaced by a newer one meanwhile.
            if self._deliveries.get(run_id, (None,))[0] is delivery:
                del self._deliveries[run_id]

    async def _watch(self, user_id: int, thread_id: UUID) -> None:
        try:
            await service.check_thread(user_id, thread_id)
        except DatabaseUnavailable:
            # A rejection would not say of what, and no client would send the frame again.
            self._spawn(self._reporting(self._watch_later(user_id, thread_id)))
            return
        if thread_id in self._watches:
            return
        if len(self._watches) >= WATCHED_THREADS:
            # No frame ends a watch, so the oldest makes room: it is of a conversation that was
            # left.
            self._watches.pop(next(iter(self._watches)))()
        watchers = (await manager.current()).thread_watchers
        self._watches[thread_id] = watchers.subscribe(thread_id, self._on_started)

    async def _watch_later(self, user_id: int, thread_id: UUID) -> None:
        await asyncio.sleep(WATCH_RETRY_S)
        await self._watch(user_id, thread_id)

    def _on_started(self, thread_id: UUID, run_id: UUID) -> None:
        frame = {"op": "started", "threadId": str(thread_id), "runId": str(run_id)}
        self._spawn(self._send(frame))

    async def _reporting(self, work: Awaitable[None]) -> None:
        """Do ``work``. What goes wrong is sent in a frame; no error reaches the server."""
        try:
            await work
        except SlowConsumer:
            raise
        except Exception as error:
            await self._reject(app_error(error, during="Handling a frame"))

    async def _reject(self, error: AppError, ref: str | int | None = None) -> None:
        frame: dict[str, Any] = {"op": "rejected", "code": error.code, "message": error.message}
        if ref is not None:
            frame["ref"] = ref
        if error.retry_after_s is not None:
            frame["retryAfter"] = round(error.retry_after_s, 1)
        await self._send(frame)
        # The close code tells a page what to do: sign in again, or come back later and not at once.
        if error.code == "not_authenticated":
            await self._end(CLOSE_SIGN_IN)
        elif error.code == "too_many_connections":
            await self._end(CLOSE_TOO_MUCH)
        elif error.code == "too_many_frames":
            # A user who goes over the limit now and then is only told so, and waits. Without a user
            # there is nobody to tell, and nothing that a stranger should send twenty frames a
            # second for.
            if self.identity is None or self._rejections.take(1.0):
                await self._end(CLOSE_TOO_MUCH)
        elif error.code == "invalid_frame":
            self._bad_frames += 1
            if self._bad_frames > BAD_FRAMES:
                await self._end(CLOSE_TOO_MUCH)

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._send_text(json.dumps(frame, separators=(",", ":")))

    async def _send_text(self, text: str) -> None:
        if self._closed:
            return
        try:
            await self.send(text_data=text)
        except (RuntimeError, OSError):  # the server, or the network, has closed it meanwhile
            self._release()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _close_after(self, seconds: float, code: int) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(seconds, lambda: self._spawn(self._end(code)))

    async def _end(self, code: int) -> None:
        if not self._closed:
            self._release()
            # Not awaited: a peer that answers late, or never, must not hold up who ends the
            # socket, and its answer may stand behind frames that only ``receive`` takes away.
            self._closing = asyncio.create_task(self._close(code))

    async def _close(self, code: int) -> None:
        with suppress(RuntimeError):  # the server may have closed it in the meantime
            await self.close(code=code)

    def _release(self) -> None:
        """Let go of everything this socket holds, but for the task that calls this."""
        self._closed = True
        if self._deadline is not None:
            self._deadline.cancel()
        if self._connections is not None and self.identity is not None:
            self._connections.remove(self, self.identity.user_id)
        for unsubscribe in self._watches.values():
            unsubscribe()
        self._watches.clear()
        # The caller may be one of them: cancelled by itself, it would not get to send the close
        # code.
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()


def _too_many_frames(wait_s: float) -> AppError:
    message = "That was too much at once. Wait a moment, then go on."
    return throttled("too_many_frames", message, wait_s)
