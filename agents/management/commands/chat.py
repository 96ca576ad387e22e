"""``manage.py chat``: the terminal as a third door to the run engine."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import re
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from asgiref.sync import sync_to_async
from django.contrib.auth import authenticate
from django.core.management.base import BaseCommand, CommandError

from accounts.rights import SignIn
from agents.core.team.media import OUTPUTS
from agents.management.transcript import Transcript
from agents.protocol.run_input import AGENT_CHOICES, FILES_SENT, build_request
from agents.runs import manager, service
from common.errors import AppError
from conversations.files.artifacts import artifact_upload
from gemini.model_info import THINKING, TOOLS

PASSWORD_VARIABLE = "CHAT_PASSWORD"  # noqa: S105 (its name, not its value)


class Command(BaseCommand):
    help = (
        "Chat in the terminal, as a user and on that user's selected key. Asks for the user's "
        f"password, or takes it from {PASSWORD_VARIABLE}. Ctrl-C stops an answer, Ctrl-D ends. "
        "What is not said here is as the user's profile has it. Files that agents make are shown "
        "as addresses on the server."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("-m", "--message", help="ask this one question and end")
        parser.add_argument("--thread", type=UUID, help="go on with this conversation")
        parser.add_argument("--agent", choices=AGENT_CHOICES, default="auto")
        parser.add_argument("--model", help="instead of the one in the user's profile")
        parser.add_argument(
            *("-f", "--file"),
            action="append",
            default=[],
            type=Path,
            metavar="PATH",
            help=f"send this file with the first message; up to {FILES_SENT} times",
        )
        parser.add_argument("--thinking", choices=THINKING, help="how long the model thinks")
        parser.add_argument(
            "--tools",
            type=_tools,
            metavar="NAMES",
            help=f"Google's tools that may be used: some of {','.join(TOOLS)}, or none",
        )
        parser.add_argument(
            "--output", choices=OUTPUTS, help="what the media agent is to answer with"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get(PASSWORD_VARIABLE) or getpass.getpass()
        user = authenticate(username=options["username"], password=password)
        if user is None:
            raise CommandError("There is no active user with this name and password.")
        if len(options["file"]) > FILES_SENT:
            raise CommandError(f"A message carries at most {FILES_SENT} files.")
        files = [_uploaded(user.pk, path) for path in options["file"]]
        chat = _Chat(user.pk, options, files, self.stdout.write)
        failed = asyncio.run(chat.talk(options["message"]))
        if failed:
            sys.exit(1)
        self.stdout.write("Done.")


# A line of nothing else: "/agent of change" is a message.
_AGENT_LINE = re.compile(r"/agent[ \t]+(\S+)[ \t]*")


def _tools(names: str) -> tuple[str, ...]:
    chosen = () if names == "none" else tuple(dict.fromkeys(names.split(",")))
    if unknown := [name for name in chosen if name not in TOOLS]:
        known = ", ".join(TOOLS)
        raise ArgumentTypeError(f"unknown: {', '.join(unknown)}; there are {known}, or none")
    return chosen


def _uploaded(user_id: int, path: Path) -> UUID:
    """The id of a file of the user's, made of one on this machine.

    Raises:
        CommandError: it cannot be read, or is not taken.
    """
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            artifact = artifact_upload(
                owner_id=user_id, file=file, size_bytes=size_bytes, name=path.name
            )
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}") from None
    except AppError as error:
        raise CommandError(f"{path}: {error.message}") from None
    return artifact.pk


class _Chat:
    """One conversation in the terminal."""

    def __init__(
        self, user_id: int, options: dict[str, Any], files: list[UUID], write: Any
    ) -> None:
        self._user_id = user_id
        self._files = files  # that no message has carried yet
        self._thread_id: UUID = options["thread"] or uuid4()
        self._continues = options["thread"] is not None
        names = ("agent", "model", "output", "tools", "thinking")
        self._options = {name: options[name] for name in names}
        self._write = write

    async def talk(self, message: str | None) -> bool:
        """Ask the one message, or what is typed line by line; returns whether the last failed."""
        failed = False
        try:
            if message is not None:
                return await self._ask(message)
            self._write(f"Conversation {self._thread_id}. /agent NAME chooses who answers.")
            while (line := await self._line()) is not None:
                if chosen := _AGENT_LINE.fullmatch(line):
                    self._choose(chosen[1])
                elif line.strip():
                    failed = await self._ask(line)
            return failed
        finally:
            await manager.shutdown()

    def _choose(self, name: str) -> None:
        """Who answers from now on."""
        if name not in AGENT_CHOICES:
            self._write(f"There is no agent {name!r}. Choose one of: {', '.join(AGENT_CHOICES)}.")
            return
        self._options["agent"] = name
        self._write(f"From now on: {name}.")

    async def _line(self) -> str | None:
        self._write("\nyou: ", ending="")
        # In a thread: the event loop goes on with its housekeeping while nothing is typed.
        line = await sync_to_async(sys.stdin.readline, thread_sensitive=False)()
        return line.rstrip("\n") if line else None

    async def _ask(self, text: str) -> bool:
        """Ask one question and print the answer; returns whether it failed."""
        request = build_request(
            thread_id=self._thread_id,
            text=text,
            continues=self._continues,
            attachments=tuple(self._files),
            **self._options,
        )
        try:
            started = await service.start(SignIn(self._user_id), request)
        except AppError as error:
            self._write(error.message)
            return True
        self._continues, self._files = True, []
        return await self._print(started.run_id)

    async def _print(self, run_id: UUID) -> bool:
        loop = asyncio.get_running_loop()
        # Held here: asyncio keeps its tasks by weak references, and a stop could be collected
        # unfinished.
        stops: set[asyncio.Task[None]] = set()

        def stop() -> None:
            stops.add(asyncio.ensure_future(service.cancel(self._user_id, run_id)))

        # Instead of KeyboardInterrupt, which would end the loop and with it the run: a stop keeps
        # what was said and closes the connection to Google, and the conversation goes on.
        loop.add_signal_handler(signal.SIGINT, stop)
        transcript = Transcript()
        try:
            async for events in await service.follow(self._user_id, run_id):
                for _, data in events:
                    self._write(transcript.feed(json.loads(data)), ending="")
        except service.Resync:
            self._write("\nThe server lost this answer. What was said is kept.")
            return True
        finally:
            loop.remove_signal_handler(signal.SIGINT)
        return transcript.failed
