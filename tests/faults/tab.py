"""One tab of a browser, as the page behaves: it comes back, continues, and takes the snapshot."""

from __future__ import annotations

import asyncio
import functools
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.agui_rules import TERMINAL
from tests.faults.history import History
from tests.faults.proxy import Proxy
from tests.faults.questions import Question

Frame = dict[str, Any]

PING_EVERY_S = 1.0
SILENT_AT_MOST_S = 8.0
ACK_EVENTS, ACK_BYTES = 64, 64 * 1024
BACK_AFTER_S = 0.1
GONE = 0.1  # of the cuts: the lid was closed
GONE_S = (14.0, 20.0)  # long enough for a run to be ended by another process
LOST = (ConnectionClosed, InvalidHandshake, OSError, EOFError, TimeoutError)


class Tab:
    """Everything it is told goes into the history; nothing is judged here."""

    def __init__(
        self, name: str, proxy: Proxy, token: str, history: History, rng: random.Random
    ) -> None:
        self.name = name
        self.stays = False  # nobody closes the lid any more
        self._rng = rng
        self.held: dict[str, int] = {}  # per run that is followed: the last seq
        self.over: set[str] = set()
        self.answers: dict[str, Frame] = {}  # by ref
        self.reconnects = 0
        self._proxy = proxy
        self._token = token
        self._history = history
        self._watched: set[str] = set()
        self._resyncing: set[str] = set()
        self._connection: ClientConnection | None = None
        self._changed = asyncio.Event()
        self._unacknowledged: dict[str, int] = {}  # per run: bytes
        self._chores: set[asyncio.Task[None]] = set()
        self._http = httpx2.AsyncClient(
            base_url=f"http://127.0.0.1:{proxy.port}", timeout=8, trust_env=False,
            headers={"authorization": f"Bearer {token}"},
        )  # fmt: skip

    async def live(self) -> None:
        """Be connected, for ever."""
        while True:
            with suppress(*LOST):
                await self._one_connection()
            self._connection = None
            self._note("cut")
            self._wake()
            gone = not self.stays and self._rng.random() < GONE
            await asyncio.sleep(self._rng.uniform(*GONE_S) if gone else BACK_AFTER_S)

    async def close(self) -> None:
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._http.aclose()

    async def ask(self, question: Question) -> Frame:
        """Send a question, after each cut again, until the server says yes or no."""
        self._note("send", run=question.run_id, message=question.message_id,
                   thread=question.thread_id, text=question.text, speaker=question.speaker,
                   expected=question.expected, calls=question.calls,
                   bulk=question.bulk)  # fmt: skip
        while question.run_id not in self.answers:
            connection = self._connection
            if connection is not None:
                await self._send(op="run", ref=question.run_id, input=question.input)
            await self.until(functools.partial(self._answered_or_cut, question.run_id, connection))
        return self.answers.pop(question.run_id)

    def _answered_or_cut(self, run_id: str, connection: object) -> bool:
        return run_id in self.answers or self._connection is not connection

    async def stop(self, run_id: str) -> None:
        self._note("stop", run=run_id)
        await self._send(op="cancel", runId=run_id)

    async def watch(self, thread_id: str) -> None:
        """Be told of the runs of a thread, and find those that began before."""
        self._watched.add(thread_id)
        if self._connection is not None:
            await self._send(op="watch", threadId=thread_id)
            self._chore(self._load(thread_id))

    async def has(self, run_id: str) -> None:
        """Wait until the whole run is here."""
        await self.until(lambda: run_id in self.over)

    async def until(self, true: Callable[[], bool]) -> None:
        while not true():
            self._changed.clear()
            await self._changed.wait()

    async def _one_connection(self) -> None:
        url = f"ws://127.0.0.1:{self._proxy.port}/chat/stream"
        connection = await connect(
            url, compression=None, proxy=None, open_timeout=5, close_timeout=1, ping_interval=None,
            max_size=2**24,
        )  # fmt: skip
        try:
            await connection.send(json.dumps({"op": "auth", "token": self._token}))
            async with asyncio.timeout(SILENT_AT_MOST_S):
                if json.loads(await connection.recv())["op"] != "ready":
                    return
            self._connection = connection
            self.reconnects += 1
            self._note("connected")
            await self._come_back()
            await self._read(connection)
        finally:
            connection.transport.abort()

    async def _come_back(self) -> None:
        for run_id, seq in list(self.held.items()):
            if run_id not in self.over | self._resyncing:
                await self._send(op="follow", runId=run_id, after=seq)
        for thread_id in list(self._watched):
            await self.watch(thread_id)
        self._wake()

    async def _read(self, connection: ClientConnection) -> None:
        silent_s = 0.0
        while silent_s < SILENT_AT_MOST_S:
            try:
                async with asyncio.timeout(PING_EVERY_S):
                    data = await connection.recv()
            except TimeoutError:
                silent_s += PING_EVERY_S
                await self._send(op="ping")
                continue
            silent_s = 0.0
            await self._take(json.loads(data), len(data))

    async def _take(self, frame: Frame, size: int) -> None:
        run_id: str = frame.get("runId") or frame.get("ref") or ""
        match frame["op"]:
            case "event":
                await self._take_event(run_id, frame["seq"], frame["event"], size)
            case "accepted":
                self._note("accepted", run=run_id, message=frame["messageId"])
                self.held.setdefault(run_id, 0)
                self.answers[run_id] = frame
            case "rejected":
                self._note("rejected", run=run_id, code=frame["code"])
                if run_id:
                    self.answers[run_id] = frame
            case "resync":
                self._note("resync", run=run_id, reason=frame["reason"])
                if run_id not in self._resyncing:
                    self._resyncing.add(run_id)
                    self._chore(self._take_snapshot(run_id))
            case "started" if run_id not in self.held:
                self.held[run_id] = 0
                await self._send(op="follow", runId=run_id, after=0)
        self._wake()

    async def _take_event(self, run_id: str, seq: int, event: Frame, size: int) -> None:
        self._note("event", run=run_id, seq=seq, event=event)
        self.held[run_id] = seq
        if event["type"] in TERMINAL:
            self._is_over(run_id)
        held = self._unacknowledged.get(run_id, 0) + size
        if event["type"] in TERMINAL or seq % ACK_EVENTS == 0 or held > ACK_BYTES:
            held = 0
            await self._send(op="ack", runId=run_id, seq=seq)
        self._unacknowledged[run_id] = held

    async def _take_snapshot(self, run_id: str) -> None:
        thread_id = (await self._get(f"/api/runs/{run_id}/"))["thread_id"]
        async for run, is_partial in self._pages(thread_id):
            if run["id"] == run_id:
                await self._adopt(run, is_partial)

    async def _load(self, thread_id: str) -> None:
        """As the page does when it is opened: what is there, then what comes."""
        async for run, is_partial in self._pages(thread_id):
            if run["id"] not in self.held:
                await self._adopt(run, is_partial)

    async def _pages(self, thread_id: str) -> AsyncIterator[tuple[Frame, bool]]:
        """The runs of a thread, and whether there is more of each to be followed."""
        path = following = f"/api/threads/{thread_id}/messages/"
        while following:
            page = await self._get(following)
            for run in page.get("runs", ()):
                yield run, run["id"] in page["partial_runs"]
            cursor = page.get("next")
            following = f"{path}?{urlencode({'cursor': cursor})}" if cursor else ""

    async def _adopt(self, run: Frame, is_partial: bool) -> None:
        run_id = run["id"]
        if run_id in self.over:
            return
        self._note("snapshot", run=run_id, status=run["status"], last_seq=run["last_seq"],
                   events=run["events"])  # fmt: skip
        self.held[run_id] = run["last_seq"]
        self._resyncing.discard(run_id)
        if is_partial:
            await self._send(op="follow", runId=run_id, after=run["last_seq"])
        else:
            self._is_over(run_id)
        self._wake()

    async def _get(self, path: str) -> Any:
        """Ask until there is an answer."""
        while True:
            with suppress(httpx2.TransportError):
                answer = await self._http.get(path)
                if answer.status_code in (200, 404):
                    return answer.json()
            await asyncio.sleep(BACK_AFTER_S)

    async def _send(self, **frame: Any) -> None:
        if self._connection is not None:
            with suppress(ConnectionClosed, OSError):
                await self._connection.send(json.dumps(frame))

    def _is_over(self, run_id: str) -> None:
        self.over.add(run_id)
        self._note("over", run=run_id)

    def _note(self, what: str, **fields: Any) -> None:
        self._history.note(what, client=self.name, **fields)

    def _wake(self) -> None:
        self._changed.set()

    def _chore(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)
