from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from conversations.log import events_prune


class Command(BaseCommand):
    help = (
        "Delete the event logs of answers that ended more than so many days ago. Messages "
        "and transcripts stay. Run it daily."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=7, help="how long logs are kept (7)")
        parser.add_argument("--dry-run", action="store_true", help="count, and delete nothing")

    def handle(self, *args: Any, **options: Any) -> str:
        if options["days"] < 1:
            raise CommandError("Keep logs for a day at least: readers may be in the middle of one.")
        older_than = timedelta(days=options["days"])
        runs, events = events_prune(older_than=older_than, dry_run=options["dry_run"])
        did = "Would delete" if options["dry_run"] else "Deleted"
        self.stdout.write(f"{did} {events:,} events of {runs:,} answers.")
        return "Done."
