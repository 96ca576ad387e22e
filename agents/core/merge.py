"""Runs several async iterators at once and yields what they yield, as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TypeVar

T = TypeVar("T")

AHEAD = 64  # items that wait for whoever reads; more would fill the memory behind a slow one


async def merged(generators: Sequence[AsyncGenerator[T, None]]) -> AsyncGenerator[T, None]:
    """Yield the items of all ``generators`` in order of arrival.

    The first exception ends all of them and is raised. Closing this iterator closes them.
    """
    queue: asyncio.Queue[tuple[T] | Exception | None] = asyncio.Queue(AHEAD)

    async def drain(generator: AsyncGenerator[T, None]) -> None:
        failure: Exception | None = None
        try:
            async with aclosing(generator) as items:
                async for item in items:
                    await queue.put((item,))
        except Exception as error:
            failure = error
        await queue.put(failure)

    tasks = [asyncio.create_task(drain(generator)) for generator in generators]
    try:
        running = len(tasks)
        while running:
            got = await queue.get()
            if isinstance(got, tuple):
                yield got[0]
            elif got is not None:
                raise got
            else:
                running -= 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
