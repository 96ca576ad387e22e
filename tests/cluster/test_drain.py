"""Processes that are told to end: nobody is left hanging, and no word is lost."""

from __future__ import annotations

import asyncio
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.agui_rules import assert_valid_stream
from tests.cluster.client import Reader, socket
from tests.cluster.cluster import Cluster, at
from tests.e2e.client import text_of
from tests.e2e.server import Person
from tests.services import Service, free_port

GOING_AWAY = {1001, 1012}
TOLD_WITHIN_S = 1
BACK_WITHIN_S = 2
ENDED_BY_ITSELF = {0, -signal.SIGTERM}  # uvicorn ends by the signal it was sent, once it is done
SHORT, LONG = "Go /emulate frames=60 pace=20", "Go /emulate frames=1000 pace=20"


@pytest.fixture
def alice(nodes: Cluster) -> Person:
    """Has a key and asks; her page loads come from the process that stays."""
    return at(nodes.nodes[1], nodes.person("alice"))


async def test_a_process_that_is_told_to_end_lets_answers_end_first(nodes: Cluster, alice: Person):
    leaving, staying = nodes.nodes[:2]
    async with socket(leaving, alice) as asker, socket(staying, alice) as reader:
        async with socket(leaving, alice) as idle:
            short = (await asker.ask(SHORT))["runId"]
            accepted = await asker.ask(LONG)
            await asker.events(accepted["runId"], 10)
            leaving.terminate()
            began = time.monotonic()
            codes = {await idle.close_code(), await asker.close_code()}
            assert codes <= GOING_AWAY
            assert time.monotonic() - began <= TOLD_WITHIN_S
        with pytest.raises(httpx2.TransportError):
            leaving.http.get("/readyz")
        await reader.follow(short, after=0)
        await reader.follow(accepted["runId"], after=asker.seqs(accepted["runId"]))
        assert text_of(await reader.end(short)) == nodes.emulator.numbered_text(60)
        await reader.end(accepted["runId"])
    assert await asyncio.to_thread(leaving.exit_code) in ENDED_BY_ITSELF
    events = nodes.log_of(accepted["runId"])
    assert_valid_stream(events)
    assert events[-1]["code"] == "interrupted"
    told = asker.streams[accepted["runId"]].events
    assert told + reader.streams[accepted["runId"]].events == events
    assert len(text_of(events)) > len(text_of(told)), "it was given time to go on"
    [upstream] = alice.upstream()[-1:]
    assert upstream["ended"] == "client_disconnected"
    assert nodes.run(short)[:2] == ("finished", "success")


async def test_a_process_without_answers_ends_at_once(nodes: Cluster, alice: Person):
    leaving = nodes.nodes[0]
    async with socket(leaving, alice) as idle:
        leaving.terminate()
        assert await idle.close_code() in GOING_AWAY
    began = time.monotonic()
    assert await asyncio.to_thread(leaving.exit_code) in ENDED_BY_ITSELF
    assert time.monotonic() - began < 5


async def test_a_rolling_restart_behind_nginx_loses_nothing(cluster_: Cluster, tmp_path: Path):
    people = [cluster_.person(name) for name in ("alice", "bob", "charlie")]
    with nginx(tmp_path, cluster_) as front:
        url = f"ws://127.0.0.1:{front.port}/chat/stream"
        readers = [Reader(url, person) for person in people]
        over = asyncio.Event()
        asking = [asyncio.create_task(ask_on(reader, over)) for reader in readers]
        for node in cluster_.nodes:
            await asyncio.sleep(1)
            node.terminate()
            assert await asyncio.to_thread(node.exit_code) in ENDED_BY_ITSELF
            await asyncio.to_thread(node.start)
        over.set()
        answers = [await answer for answer in asking]
        for reader in readers:
            await reader.close()
    for reader, runs in zip(readers, answers, strict=True):
        assert len(runs) > 2
        for run_id, events in runs.items():
            assert events == cluster_.log_of(run_id)
            assert cluster_.run(run_id)[:2] == ("finished", "success")
            assert text_of(events) == cluster_.emulator.numbered_text(60)
        assert reader.resyncs == 0
        assert reader.away_s <= BACK_WITHIN_S
    assert sum(reader.reconnects for reader in readers) >= len(cluster_.nodes)


async def ask_on(reader: Reader, over: asyncio.Event) -> dict[str, list[dict[str, object]]]:
    """One question after the other; each run's events as this client came to hold them."""
    runs = {}
    while not over.is_set():
        run_id, events = await reader.ask(SHORT)
        runs[run_id] = events
    return runs


NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 200; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream chatproject {{
        {servers}
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
            proxy_buffering off;
            proxy_read_timeout 1h;
            proxy_pass http://chatproject;
        }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, cluster_: Cluster) -> Iterator[Service]:
    """A load balancer in front of all processes, as ``deploy/nginx.conf`` has it for one."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not program:
        pytest.skip("nginx is not installed")
    port = free_port()
    servers = "\n        ".join(
        f"server 127.0.0.1:{node.port} max_fails=1 fail_timeout=1s;" for node in cluster_.nodes
    )
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port, servers=servers))
    folder.chmod(0o755)
    service = Service(
        url=f"http://127.0.0.1:{port}",
        port=port,
        command=[program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)],
        stop_signal=signal.SIGTERM,
        log=folder / "log",
    )
    service.start()
    try:
        yield service
    finally:
        service.stop()
