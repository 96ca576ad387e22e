"""Decoding in worker processes: bounded, fair among owners, and of no harm to the server."""

from __future__ import annotations

import asyncio
import functools
import os
import pickle
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from common.errors import AppError
from conversations.files.decoding import pool as pools
from conversations.files.decoding.pool import DecodingPool
from conversations.files.decoding.process import Limits
from conversations.files.formats.pictures import Picture
from tests.conversations import decoders

MIB = 1024 * 1024
ONE, OTHER = 1, 2


@pytest.fixture
def pool():
    made = DecodingPool(workers=2, limits=Limits(cpu_s=1, memory_bytes=512 * MIB))
    yield made
    made.close()


def refused(pool, *work) -> AppError:
    with pytest.raises(AppError) as refusal:
        pool.submit(ONE, *work).result(20)
    return refusal.value


def commands():
    """What runs on this machine now, with its arguments."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):  # it ended meanwhile
            yield path.read_bytes()


def test_results_and_refusals_come_back(pool):
    assert pool.submit(ONE, decoders.picture_of, b"x").result(20) == Picture(
        b"x", 1, 2, "image/png"
    )

    error = refused(pool, decoders.refuse, "unsupported_file")

    assert (error.code, error.message, error.status) == (
        "unsupported_file",
        "Send another one.",
        415,
    )


@pytest.mark.parametrize(
    ("work", "words"),
    [
        ((decoders.spin,), "takes too long"),
        ((decoders.sleep, 600), "takes too long"),
        ((decoders.allocate, 2048 * MIB), "too much memory"),
        ((decoders.crash,), "damaged"),
        ((decoders.fail, "words of the file"), "damaged"),
        ((decoders.path,), "damaged"),
    ],
    ids=lambda value: getattr(value[0], "__name__", "") if isinstance(value, tuple) else "",
)
def test_a_job_over_a_limit_is_refused_in_words_and_the_next_one_is_done(pool, work, words, caplog):
    begin = time.monotonic()

    error = refused(pool, *work)

    assert error.code == "bad_file"
    assert words in error.message
    assert time.monotonic() - begin < 15
    assert "words of the file" not in caplog.text
    assert pool.submit(ONE, decoders.sleep, 0).result(20) == 0


def test_what_cannot_be_sent_to_a_worker_does_no_harm_to_the_next_job(pool):
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        pool.submit(ONE, lambda: None).result(20)

    assert pool.submit(ONE, decoders.sleep, 0).result(20) == 0


def test_what_a_worker_started_ends_with_it(pool):
    marker = f"600.{os.getpid()}"

    assert "takes too long" in refused(pool, decoders.start_another, marker).message

    assert not any(marker.encode() in command for command in commands())


def test_a_worker_that_died_between_two_jobs_is_replaced(pool):
    first = pool.submit(ONE, decoders.process_id).result(20)
    os.kill(first, 9)
    time.sleep(0.3)
    for _ in range(4):
        assert pool.submit(ONE, decoders.process_id).result(20) != first


def test_a_worker_knows_no_secret_and_no_django_and_writes_nothing(pool, monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_KEY", "a secret")

    assert "a secret" not in pool.submit(ONE, decoders.environment).result(20).values()
    assert not {"django", "PIL.ImageShow"} & set(pool.submit(ONE, decoders.modules).result(20))
    assert refused(pool, decoders.write, str(tmp_path / "a")).code == "bad_file"
    assert pool.submit(ONE, decoders.talk).result(20) == "done"


def test_one_owners_jobs_are_not_in_the_way_of_anothers(pool):
    mine = [pool.submit(ONE, decoders.sleep, 0.5) for _ in range(20)]
    begin = time.monotonic()

    assert pool.submit(OTHER, decoders.sleep, 0).result(20) == 0

    assert time.monotonic() - begin < 2
    assert sum(job.done() for job in mine) < 5
    for job in mine:
        job.cancel()


def test_owners_take_turns_where_there_is_one_worker():
    pool = DecodingPool(workers=1, limits=Limits(cpu_s=5, memory_bytes=512 * MIB))
    order: list[int] = []

    def note(owner: int, job: object) -> None:
        order.append(owner)

    for owner in (ONE, ONE, ONE, OTHER):
        job = pool.submit(owner, decoders.sleep, 0.1)
        job.add_done_callback(functools.partial(note, owner))
    pool.submit(ONE, decoders.sleep, 0).result(20)
    pool.close()

    assert OTHER in order[:3]


def test_queues_are_bounded_per_owner_and_in_all(pool, monkeypatch):
    monkeypatch.setattr(pools, "JOBS_PER_OWNER", 3)
    monkeypatch.setattr(pools, "JOBS", 5)
    jobs, refusals = [], {ONE: [], OTHER: []}
    for owner in (ONE, OTHER):
        for _ in range(8):
            try:
                jobs.append(pool.submit(owner, decoders.sleep, 1))
            except AppError as error:
                refusals[owner].append((error.code, error.status, error.retry_after_s))

    assert set(refusals[ONE]) == {("busy", 429, 5)}
    assert ("busy", 503, 5) in refusals[OTHER]
    for job in jobs:
        job.cancel()


def test_a_job_that_waited_too_long_is_refused(pool, monkeypatch):
    monkeypatch.setattr(pools, "WAIT_S", 0.2)
    first = pool.submit(ONE, decoders.sleep, 0.5)

    error = refused(pool, decoders.sleep, 0)

    assert (error.code, error.status) == ("busy", 503)
    assert first.result(20) == 0.5


async def test_a_coroutine_waits_without_a_thread_and_takes_its_job_along(pool, monkeypatch):
    monkeypatch.setattr(pools, "_pool", lambda: pool)
    assert await pools.decode_async(ONE, decoders.sleep, 0) == 0
    threads = threading.active_count()

    waiting = [asyncio.ensure_future(pools.decode_async(ONE, decoders.sleep, 1)) for _ in range(20)]
    await asyncio.sleep(0.1)

    assert threading.active_count() <= threads + 2  # the two watchdogs
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await asyncio.wait_for(pools.decode_async(ONE, decoders.sleep, 0), 5) == 0


def test_closing_ends_the_processes_and_what_waits(pool):
    worker = pool.submit(ONE, decoders.process_id).result(20)
    jobs = [pool.submit(ONE, decoders.sleep, 30) for _ in range(3)]
    time.sleep(0.2)

    pool.close()

    for job in jobs:
        with pytest.raises(AppError):
            job.result(5)
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    with pytest.raises(AppError):
        pool.submit(ONE, decoders.sleep, 0)


def test_an_idle_worker_ends(monkeypatch):
    monkeypatch.setattr(pools, "IDLE_S", 0.2)
    pool = DecodingPool(workers=1, limits=Limits(cpu_s=5, memory_bytes=512 * MIB))
    worker = pool.submit(ONE, decoders.process_id).result(20)
    time.sleep(1)

    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)
    assert pool.submit(ONE, decoders.sleep, 0).result(20) == 0
    pool.close()
