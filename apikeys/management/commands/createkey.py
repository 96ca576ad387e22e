from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.views.decorators.debug import sensitive_variables

from apikeys import services
from apikeys.audit import OPERATOR
from apikeys.management.commands._people import person
from common.errors import AppError


class Command(BaseCommand):
    help = (
        "Check a Gemini key with Google and store it, sealed, for a user. The key is asked for, "
        "or read from standard input or a file; never from the command line, where others see it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="whose key it is")
        parser.add_argument("--name", default="default", help="what the key is called")
        parser.add_argument("--key-file", type=Path, help="read the key from this file")
        parser.add_argument("--select", action="store_true", help="work with it from now on")

    @sensitive_variables()
    def handle(self, *args: Any, **options: Any) -> None:
        owner = person(options["username"])
        pasted = self._read(options["key_file"])
        try:
            key = services.key_add(owner=owner, name=options["name"], pasted=pasted, actor=OPERATOR)
            if options["select"]:
                services.key_select(key=key, actor=OPERATOR)
        except AppError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"Done. {key} is stored: {key.get_status_display()}.")

    @sensitive_variables()
    def _read(self, path: Path | None) -> str:
        try:
            if path is not None:
                return path.read_text(encoding="utf-8")
            if sys.stdin.isatty():
                return getpass.getpass("Gemini key (not shown): ")
            return sys.stdin.read(4096)
        except (OSError, UnicodeDecodeError):
            raise CommandError("The key cannot be read from there.") from None
