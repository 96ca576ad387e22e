from typing import Any

from django.core.management.base import BaseCommand

from conversations.run_end import runs_close_stale


class Command(BaseCommand):
    help = (
        "End, as interrupted, the runs whose process stopped renewing its lease. "
        "A running server does this by itself; use it when none runs."
    )

    def handle(self, *args: Any, **options: Any) -> str:
        for run_id in runs_close_stale():
            self.stdout.write(f"Closed run {run_id}.")
        return "Done."
