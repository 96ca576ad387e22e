from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apikeys import services
from apikeys.audit import OPERATOR
from apikeys.management.commands._people import key_named, person
from common.errors import AppError


class Command(BaseCommand):
    help = "Choose the key a user's runs work with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="whose key it is")
        parser.add_argument("key", help="the key's name or id")

    def handle(self, *args: Any, **options: Any) -> None:
        key = key_named(person(options["username"]), options["key"])
        try:
            services.key_select(key=key, actor=OPERATOR)
        except AppError as error:
            raise CommandError(error.message) from None
        self.stdout.write(f"Done. {key.user.username} works with {key} now.")
