from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apikeys import services
from apikeys.models import UserApiKey


class Command(BaseCommand):
    help = (
        "Seal every stored key anew under the first of FERNET_KEYS. Stopped half-way, it goes on "
        "where it was when it is run again. Fails if a key cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run = options["dry_run"]
        found: Counter[str] = Counter()
        # The ids first: an open cursor would hold a snapshot, and on SQLite the other writers up.
        for key_id in list(UserApiKey.objects.values_list("pk", flat=True)):
            key = UserApiKey.objects.filter(pk=key_id).first()
            if key is not None:
                found[services.key_rotate(key=key, dry_run=dry_run)] += 1
        verb = "to rotate" if dry_run else "rotated"
        self.stdout.write(
            f"{found['rotated']} {verb}, {found['current']} current already, "
            f"{found['unreadable']} cannot be read."
        )
        if found["unreadable"]:
            raise CommandError(
                "Keep the older FERNET_KEYS: some keys do not open under those given."
            )
        self.stdout.write("Done.")
