"""Several generators as one: order of arrival, first failure, and nothing left running."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from agents.core.merge import merged
from tests.core.team import rest


class Source:
    """Yields what it is given; waits at an event, raises an exception, and notes its end."""

    def __init__(self, *steps: object) -> None:
        self._steps = steps
        self.closed = False

    async def __call__(self):
        try:
            for step in self._steps:
                if isinstance(step, asyncio.Event):
                    await step.wait()
                elif isinstance(step, BaseException):
                    raise step
                else:
                    yield step
        finally:
            await asyncio.sleep(0)  # closing may have to wait, as a connection does
            self.closed = True


@pytest.fixture(autouse=True)
async def no_task_is_left():
    before = asyncio.all_tasks()
    yield
    await rest()
    assert asyncio.all_tasks() - before - {asyncio.current_task()} == set()


async def test_nothing_merged_is_nothing():
    assert [item async for item in merged([])] == []


async def test_items_come_in_order_of_arrival():
    second, third = asyncio.Event(), asyncio.Event()
    one, two = Source("a", third, "c"), Source(second, "b")
    gates = {"a": second, "b": third}
    got = []
    async for item in merged([one(), two()]):
        got.append(item)
        if item in gates:
            gates[item].set()
    assert got == ["a", "b", "c"]
    assert one.closed
    assert two.closed


async def test_items_before_a_failure_are_given_and_the_others_are_closed():
    one, two = Source("a", ValueError("no")), Source("b", asyncio.Event())
    got = []
    with pytest.raises(ValueError, match="no"):
        got += [got.append(item) async for item in merged([one(), two()])]
    assert sorted(got) == ["a", "b"]
    assert two.closed


async def test_two_failures_are_one():
    with pytest.raises(ValueError, match="first"):
        _ = [x async for x in merged([Source(ValueError("first"))(), Source(KeyError("2"))()])]


async def test_closing_closes_all():
    one, two = Source("a", asyncio.Event()), Source(asyncio.Event())
    async with aclosing(merged([one(), two()])) as items:
        assert await anext(items) == "a"
    assert one.closed
    assert two.closed


async def test_leaving_the_loop_early_closes_all():
    one, two = Source("a", asyncio.Event(), "b"), Source("c", asyncio.Event())
    async with aclosing(merged([one(), two()])) as items:
        async for _ in items:
            break
    assert one.closed
    assert two.closed


async def test_cancelling_the_reader_closes_all():
    one, two = Source("a", asyncio.Event()), Source(asyncio.Event())
    got = []

    async def read() -> None:
        async for item in merged([one(), two()]):
            got.append(item)

    task = asyncio.create_task(read())
    await rest()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert got == ["a"]
    assert one.closed
    assert two.closed


async def test_a_merge_nobody_reads_starts_nothing():
    one = Source("a")
    await merged([one()]).aclose()
    assert not one.closed
