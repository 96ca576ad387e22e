from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apikeys.master_key import HINT
from apikeys.rotation import keys_rotate
from common.errors import AppError

TELL_EVERY = 100


class Command(BaseCommand):
    help = (
        "Seal every stored key anew under the first of FERNET_KEYS. Stopped half-way, it goes on "
        "where it was when it is run again. Fails if a key cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only, write nothing")
        parser.add_argument(
            "--accept-loss",
            action="store_true",
            help="an older master key is lost for good: go on without the keys sealed under it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run, accept_loss = options["dry_run"], options["accept_loss"]
        try:
            counts = keys_rotate(
                dry_run=dry_run, accept_loss=accept_loss, on_progress=self._print_progress
            )
        except AppError as error:
            raise CommandError(f"Nothing was changed: {error.message} {HINT}") from None
        verb = "to rotate" if dry_run else "rotated"
        self.stdout.write(
            f"{counts['rotated']} {verb}, {counts['current']} current already, "
            f"{counts['unreadable']} cannot be read."
        )
        if counts["unreadable"] and not accept_loss:
            raise CommandError(
                "Keep the older FERNET_KEYS: some keys do not open under those given."
            )
        self.stdout.write("Done.")

    def _print_progress(self, done: int, total: int) -> None:
        if done % TELL_EVERY == 0:
            self.stderr.write(f"{done} of {total}")
