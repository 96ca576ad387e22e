"""``manage.py chat``: the terminal as a third door to the run engine."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import signal
import sys
from argparse import ArgumentParser
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import sync_to_async
from django.contrib.auth import authenticate
from django.core.management.base import BaseCommand, CommandError

from agents import live, turns
from agents.core.turn import AGENT_CHOICES
from agents.inputs import RunInput
from agents.management.transcript import Transcript
from common.errors import AppError

PASSWORD_VARIABLE = "CHAT_PASSWORD"  # noqa: S105 (its name, not its value)


class Command(BaseCommand):
    help = (
        "Chat in the terminal, as a user and on that user's selected key. Asks for the user's "
        f"password, or takes it from {PASSWORD_VARIABLE}. Ctrl-C stops an answer, Ctrl-D ends."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("-m", "--message", help="ask this one question and end")
        parser.add_argument("--thread", type=UUID, help="go on with this conversation")
        parser.add_argument("--agent", choices=AGENT_CHOICES, default="auto")
        parser.add_argument("--model", help="instead of the one in the user's profile")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass()
        user = authenticate(username=options["username"], password=password)
        if user is None:
            raise CommandError("There is no active user with this name and password.")
        chat = _Chat(user.pk, options, self.stdout.write)
        failed = asyncio.run(chat.talk(options["message"]))
        if failed:
            sys.exit(1)
        self.stdout.write("Done.")


class _Chat:
    """One conversation in the terminal."""

    def __init__(self, user_id: int, options: dict[str, Any], write: Any) -> None:
        self._user_id = user_id
        self._thread_id: UUID = options["thread"] or uuid4()
        self._continues = options["thread"] is not None
        self._agent = options["agent"]
        self._model = options["model"]
        self._write = write

    async def talk(self, message: str | None) -> bool:
        """Ask the one message, or what is typed line by line; returns whether the last failed."""
        failed = False
        try:
            if message is not None:
                return await self._ask(message)
            self._write(f"Conversation {self._thread_id}")
            while (line := await self._line()) is not None:
                if line.strip():
                    failed = await self._ask(line)
            return failed
        finally:
            await live.shutdown()

    async def _line(self) -> str | None:
        self._write("\nyou: ", ending="")
        line = await sync_to_async(sys.stdin.readline, thread_sensitive=False)()
        return line.rstrip("\n") if line else None

    async def _ask(self, text: str) -> bool:
        """Ask one question and print the answer; returns whether it failed."""
        question = RunInput(
            thread_id=self._thread_id,
            run_id=uuid4(),
            message_id=uuid4(),
            text=text,
            continues=self._continues,
            agent=self._agent,
            model=self._model,
            key_id=None,
        )
        try:
            started = await turns.start(self._user_id, question)
        except AppError as error:
            self._write(error.message)
            return True
        self._continues = True
        return await self._print(started.run_id)

    async def _print(self, run_id: UUID) -> bool:
        loop = asyncio.get_running_loop()
        stops: set[asyncio.Task[None]] = set()

        def stop() -> None:
            stops.add(asyncio.ensure_future(turns.cancel(self._user_id, run_id)))

        loop.add_signal_handler(signal.SIGINT, stop)
        transcript = Transcript()
        try:
            async with aclosing(turns.follow(self._user_id, run_id)) as batches:
                async for events in batches:
                    for _, data in events:
                        self._write(transcript.feed(json.loads(data)), ending="")
        except turns.Resync:
            self._write("\nThe server lost this answer. What was said is kept.")
            return True
        finally:
            loop.remove_signal_handler(signal.SIGINT)
        return transcript.failed
