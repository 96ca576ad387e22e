from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apikeys.audit import OPERATOR
from apikeys.management.commands._people import person
from apikeys.models import UserApiKey
from apikeys.verification import keys_verify


class Command(BaseCommand):
    help = "Ask Google about every active key and note the answers. Fails if a key cannot be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", nargs="?", help="only this user's keys")
        parser.add_argument("--user", dest="user", help="the same")

    def handle(self, *args: Any, **options: Any) -> None:
        keys = UserApiKey.objects.filter(is_active=True).select_related("user")
        username = options["user"] or options["username"]
        if username:
            keys = keys.filter(user=person(username))
        unreadable = 0
        for key in keys_verify(list(keys.order_by("user__username", "name")), actor=OPERATOR):
            unreadable += key.status == UserApiKey.Status.UNREADABLE
            self.stdout.write(f"{key.user.username}\t{key}\t{key.health.label}")
        if unreadable:
            raise CommandError(
                f"{unreadable} cannot be read: is the FERNET_KEYS missing that sealed them?"
            )
        self.stdout.write("Done.")
