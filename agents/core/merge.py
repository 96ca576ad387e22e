"""Runs several async iterators at once and yields what they yield, as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")


async def merged(generators: Sequence[AsyncGenerator[T, None]]) -> AsyncGenerator[T, None]:
    """Yield the items of all ``generators`` in order of arrival.

    The first exception ends all of them and is raised. Closing this iterator closes them.
    """
    queue: asyncio.Queue[tuple[T] | asyncio.Task[None]] = asyncio.Queue()

    async def drain(generator: AsyncGenerator[T, None]) -> None:
        async with aclosing(generator) as items:
            async for item in items:
                queue.put_nowait((item,))

    tasks = [asyncio.create_task(drain(generator)) for generator in generators]
    for task in tasks:
        task.add_done_callback(queue.put_nowait)
    try:
        running = len(tasks)
        while running:
            got = await queue.get()
            if isinstance(got, tuple):
                yield got[0]
            else:
                running -= 1
                got.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
