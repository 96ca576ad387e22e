"""Memory at its peak: of one very long answer, and of many who load a long thread at once.

The emulator sends numbered text as fast as it is taken; every letter that arrives is counted.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

from benchmarks import harness
from benchmarks.harness import Figure, Person, Server

FRAME_CHARS = 4000
ANSWER_FRAMES = 150
THREAD_ANSWERS = 31  # of 600 KB each
PAGES = 12
SETTLE_S = 2.0
SAMPLE_S = 0.02


class Peak:
    """The most resident memory of a process while this is open."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._done = threading.Event()
        self.bytes = 0
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._done.wait(SAMPLE_S):
            self.bytes = max(self.bytes, harness.rss_bytes(self._pid))


def ask(server: Server, person: Person, frames: int, thread_id: str = "") -> int:
    """One question over SSE, read to its end; returns the characters that were said."""
    text = f"Go /emulate frames={frames} size={FRAME_CHARS} pace=0"
    body = {
        "threadId": thread_id or str(uuid4()),
        "runId": str(uuid4()),
        "messages": [{"id": str(uuid4()), "role": "user", "content": text}],
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {person.token}"}
    request = urllib.request.Request(  # noqa: S310 - our own address
        f"{server.url}/chat/stream", json.dumps(body).encode(), headers
    )
    said = 0
    last: dict[str, object] = {}
    with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
        for line in answer:
            if line.startswith(b"data: "):
                event = json.loads(line[6:])
                last = event
                if event["type"] == "TEXT_MESSAGE_CONTENT":
                    said += len(event["delta"])
    assert last["type"] == "RUN_FINISHED", last
    return said


def load_at_once(server: Server, person: Person, thread_id: str) -> None:
    """So many pages that open the same thread."""
    path = f"/api/threads/{thread_id}/messages/"
    with ThreadPoolExecutor(PAGES) as pool:
        list(pool.map(lambda _: server.ask("GET", path, token=person.token), range(PAGES)))


def added(server: Server, work: Callable[[], object]) -> tuple[float, float]:
    """MiB on top of what the server had: at the peak of some work, and a while after it."""
    time.sleep(SETTLE_S)
    before = harness.rss_bytes(server.pid)
    with Peak(server.pid) as peak:
        work()
        time.sleep(SETTLE_S)
    after = harness.rss_bytes(server.pid)
    return (peak.bytes - before) / 2**20, (after - before) / 2**20


def main() -> None:
    options = harness.parser("run_memory")
    options.add_argument("--mib", type=int, default=29, help="of text in the answer")
    chosen = options.parse_args()
    frames = chosen.mib * 2**20 // FRAME_CHARS
    with harness.emulator() as upstream, harness.chat_server(upstream, people=1) as server:
        [person] = server.sign_in()
        ask(server, person, 100)
        before, said = harness.rss_bytes(server.pid), 0

        def long_answer() -> None:
            nonlocal said
            said = ask(server, person, frames)

        peak, kept = added(server, long_answer)
        thread_id = str(uuid4())
        for _ in range(THREAD_ANSWERS):
            ask(server, person, ANSWER_FRAMES, thread_id)
        server.sign_in()
        opened, _ = added(server, lambda: load_at_once(server, person, thread_id))
    assert said == frames * FRAME_CHARS, (said, frames * FRAME_CHARS)
    figures = [
        Figure("added by one answer, at its peak", peak, "MiB", bar=64),
        Figure("still there two seconds later", kept, "MiB"),
        Figure(f"added by {PAGES} who open a thread of 18 MiB at once", opened, "MiB", bar=200),
        Figure("the server before", before / 2**20, "MiB"),
    ]
    load = Path("/proc/loadavg").read_text().split()[0]
    detail = {"mib": chosen.mib, "frame_chars": FRAME_CHARS, "load_1min": float(load)}
    harness.report("run_memory", figures, detail, quick=chosen.quick)


if __name__ == "__main__":
    main()
