from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apikeys import services
from apikeys.management.commands._people import person
from apikeys.models import UserApiKey


class Command(BaseCommand):
    help = "Ask Google about every active key and note the answers. Fails if a key cannot be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", help="only this user's keys")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = UserApiKey.objects.filter(is_active=True).select_related("user")
        if options["username"]:
            keys = keys.filter(user=person(options["username"]))
        unreadable = 0
        for key in keys.order_by("user__username", "name"):
            services.key_verify(key=key)
            unreadable += key.status == UserApiKey.Status.UNREADABLE
            self.stdout.write(f"{key.user.username}\t{key}\t{key.get_status_display()}")
        if unreadable:
            raise CommandError(
                f"{unreadable} cannot be read: is the FERNET_KEYS missing that sealed them?"
            )
        self.stdout.write("Done.")
