from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import AppError
from conversations.files.housekeeping import media_clean


class Command(BaseCommand):
    help = (
        "Remove files that no row points at (older than an hour), rows whose file is gone, and "
        "uploads that no message carried within a day. Run it daily."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count, and remove nothing")

    def handle(self, *args: Any, **options: Any) -> str:
        try:
            removed = media_clean(dry_run=options["dry_run"])
        except AppError as error:
            raise CommandError(error.message) from None
        did = "Would remove" if options["dry_run"] else "Removed"
        self.stdout.write(
            f"{did} {removed.files_without_row:,} files without a row, "
            f"{removed.rows_without_file:,} rows without a file, "
            f"{removed.unsent_uploads:,} uploads never sent."
        )
        return "Done."
