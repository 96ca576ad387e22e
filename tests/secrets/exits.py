"""Every way out of the product, walked by a person, an administrator and an operator."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx2
from websockets.sync.client import connect

from tests.agui_rules import TERMINAL
from tests.e2e.client import question
from tests.e2e.server import ChatServer, Person
from tests.people import PASSWORD
from tests.secrets.conftest import Tape

ALIKE = 5
ID = re.compile(r"\{(\w+)\}")


class Recorded:
    """A person whose every answer is kept, over REST, the socket and server-sent events."""

    def __init__(self, person: Person, tape: Tape) -> None:
        self.person = person
        self.tape = tape
        self.thread_id = str(uuid4())
        self.run_ids: list[str] = []

    def rest(self, method: str, path: str, **options: Any) -> httpx2.Response:
        answer = self.person.rest(method, path, **options)
        self.tape.keep("rest", f"{answer.status_code} {answer.headers}")
        self.tape.keep("rest", answer.content)
        return answer

    def ask(self, text: str, *, new: bool = False, **forwarded: Any) -> list[dict[str, Any]]:
        """Ask over the socket and hear the answer out."""
        thread_id = str(uuid4()) if new else self.thread_id
        events: list[dict[str, Any]] = []
        with connect(self.person.server.stream_url, max_size=2**24, proxy=None) as socket:
            socket.send(json.dumps({"op": "auth", "token": self.person.access}))
            asked = question(text, thread_id, **forwarded)
            self.run_ids.append(asked["runId"])
            while not events or events[-1]["type"] not in TERMINAL:
                raw = socket.recv(timeout=30)
                self.tape.keep("socket", raw)
                frame = json.loads(raw)
                if frame["op"] == "ready":
                    socket.send(json.dumps({"op": "run", "input": asked}))
                elif frame["op"] == "rejected":
                    return [frame]
                elif frame["op"] == "event":
                    events.append(frame["event"])
        return events

    def ask_over_http(self, text: str) -> None:
        """Ask by POST and keep the stream as it came."""
        headers = {"accept": "text/event-stream"}
        headers["authorization"] = f"Bearer {self.person.access}"
        answer = self.person.server.http.post(
            "/chat/stream", json=question(text), headers=headers, timeout=30
        )
        assert answer.status_code == 200, answer.text
        self.tape.keep("sse", answer.content)

    def read_everything(self, **ids: list[str]) -> set[str]:
        """Every GET of the schema, with every id there is; returns the paths read."""
        schema = self.person.server.http.get("/api/schema/", params={"format": "json"}).json()
        read = set()
        for path, methods in schema["paths"].items():
            if "get" not in methods:
                continue
            for filled in _filled(path, ids):
                for query in ("", "?format=md", "?format=json") if "export" in path else ("",):
                    self.rest("GET", filled.removeprefix("/api/") + query)
                read.add(path)
        return read


class Administrator:
    """A superuser in the admin, whose every page is kept."""

    def __init__(self, server: ChatServer, tape: Tape) -> None:
        self.tape = tape
        self.http = httpx2.Client(
            base_url=server.url, timeout=30, trust_env=False, follow_redirects=True
        )
        self.post("/admin/login/", username="root", password=PASSWORD)

    def close(self) -> None:
        self.http.close()

    def get(self, path: str) -> str:
        return self._kept(self.http.get(path))

    def post(self, path: str, **fields: str) -> str:
        """Submit the form of a page, with what stands in it and these fields."""
        page = self.get(path)
        values = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        return self._kept(self.http.post(path, data=values | fields))

    def crawl(self, *starts: str) -> set[str]:
        """Every page that links lead to, and of pages that are alike the first few."""
        waiting, seen = list(starts), set()
        alike: Counter[str] = Counter()
        while waiting:
            path = waiting.pop(0)
            kind = re.sub(r"/[^/]*[0-9][^/]*/", "/*/", path)
            if path in seen or "/logout/" in path or "/jsi18n/" in path or alike[kind] >= ALIKE:
                continue
            seen.add(path)
            alike[kind] += 1
            waiting += re.findall(r'href="(/admin/[^"#?]*)', self.get(path))
        return seen

    def _kept(self, response: httpx2.Response) -> str:
        assert response.status_code < 500, response.text
        self.tape.keep("admin", str(response.headers))
        self.tape.keep("admin", response.content)
        return response.text


def operate(server: ChatServer, tape: Tape, *words: str, **environment: str) -> int:
    """A command of manage.py, its output kept."""
    done = server.place.manage(server.emulator, *words, **environment)
    tape.keep("commands", done.stdout)
    tape.keep("commands", done.stderr)
    return done.returncode


def _filled(path: str, ids: dict[str, list[str]]) -> list[str]:
    names = ID.findall(path)
    if not names:
        return [path]
    return [ID.sub(value, path, count=1) for value in ids.get(names[0], [])] if names else []
