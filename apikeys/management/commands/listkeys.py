from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import UserProfile
from apikeys.management.commands._people import person
from apikeys.models import UserApiKey


class Command(BaseCommand):
    help = "List stored keys: owner, name, last four characters, state. * marks the selected one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", help="only this user's keys")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = UserApiKey.objects.select_related("user").order_by("user__username", "name")
        if options["username"]:
            keys = keys.filter(user=person(options["username"]))
        selected = set(UserProfile.objects.values_list("selected_api_key", flat=True))
        for key in keys.iterator():
            mark = "*" if key.pk in selected else " "
            state = key.health.label if key.is_active else "switched off"
            used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
            self.stdout.write(
                f"{mark} {key.user.username}\t{key.name}\t…{key.tail}\t{state}\t{used}\t{key.pk}"
            )
        self.stdout.write("Done.")
