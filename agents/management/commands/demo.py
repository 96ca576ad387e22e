"""``manage.py demo``: a demo account with a key, and with ``--serve`` everything to try it."""

from __future__ import annotations

import secrets
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from agents.management.processes import (
    Address,
    Servers,
    answers,
    emulator_command,
    page_command,
    reloading_server_command,
    server_command,
)
from apikeys import selectors, services
from common.errors import AppError

NAME = "demo"
EMULATOR_HEALTH = "/emulator/health"


class Command(BaseCommand):
    help = (
        "Make the demo account, and a key for the emulator where GEMINI_BASE_URL is on this "
        "machine; what exists already stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--serve", action="store_true", help="start the emulator and the server, until Ctrl-C"
        )
        parser.add_argument(
            "--reload",
            action="store_true",
            help="with --serve: what changes in the server or the page is loaded anew",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_PASSWORD:
            raise CommandError("DEMO_PASSWORD is not set. `make run` makes one in .env.")
        if options["serve"]:
            self._serve(reload=options["reload"])
        else:
            self._prepare_account()
        self.stdout.write("Done.")

    def _prepare_account(self) -> None:
        user = demo_user(settings.DEMO_PASSWORD)
        if Address.of(settings.GEMINI_BASE_URL).on_this_machine:
            try:
                ensure_emulator_key(user)
            except AppError as error:
                raise CommandError(f"The demo key was not stored. {error.message}") from None

    def _serve(self, *, reload: bool) -> None:
        address = Address(settings.HOST, settings.PORT)
        if not address.is_free():
            target = "dev" if reload else "run"
            raise CommandError(
                f"Port {address.port} is taken on {address.host}. "
                f"Try another one: make {target} PORT={address.port + 1}"
            )
        with Servers(settings.BASE_DIR) as servers:
            if self._start_emulator(servers):
                self._prepare_account()
                if self._start_server(servers, address, reload=reload):
                    self._greet(address)
                    servers.wait_until_end_requested()
            self.stdout.write("Ending ...")

    def _start_server(self, servers: Servers, address: Address, *, reload: bool) -> bool:
        """Whether to go on: the page and what it asks are served at ``address``."""
        if not reload:
            servers.start("server", server_command(address))
            return servers.wait_until_ready(f"{address.url}/healthz")
        # The page's origin is the one that people type and that ALLOWED_ORIGINS holds, so Vite gets
        # the address and the server another one. DEBUG has runserver serve the admin's files.
        server = Address.unused()
        servers.start("server", reloading_server_command(server), DEBUG="1")
        if not servers.wait_until_ready(f"{server.url}/healthz"):
            return False
        servers.start("page", page_command(address), BACKEND_URL=server.url)
        return servers.wait_until_ready(f"{address.url}/")

    def _start_emulator(self, servers: Servers) -> bool:
        """Whether to go on: the emulator answers, or is not needed."""
        address = Address.of(settings.GEMINI_BASE_URL)
        if not address.on_this_machine or answers(address.url + EMULATOR_HEALTH):
            return True
        if not address.is_free():
            raise CommandError(
                f"Port {address.port}, where the emulator should listen, is taken. Change "
                f"GEMINI_BASE_URL in .env, for example to http://127.0.0.1:{address.port + 1}"
            )
        servers.start("emulator", emulator_command(settings.GEMINI_BASE_URL))
        return servers.wait_until_ready(address.url + EMULATOR_HEALTH)

    def _greet(self, address: Address) -> None:
        emulated = Address.of(settings.GEMINI_BASE_URL).on_this_machine
        source = (
            "Answers come from the emulator. For Gemini: delete GEMINI_BASE_URL from .env, start\n"
            "  again, sign in and add your own key."
            if emulated
            else "Answers come from Gemini: sign in and add your own key."
        )
        self.stdout.write(
            f"\n  {address.url}/\n\n"
            f"  user      {NAME}\n  password  {settings.DEMO_PASSWORD}\n\n"
            f"  {source}\n"
            f"  Admin: {address.url}/admin/   API: {address.url}/api/docs/   End: Ctrl-C\n"
        )
        self.stdout.flush()


def demo_user(password: str) -> User:
    """The demo account, with this password; it may use the admin too."""
    user, created = get_user_model().objects.get_or_create(
        username=NAME, defaults={"is_staff": True, "is_superuser": True}
    )
    if created or not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user


def ensure_emulator_key(user: User) -> None:
    """Give the account a key that only the emulator believes, if it has none."""
    if not selectors.keys_of(user.pk).exists():
        made_up = "AIzaSy" + secrets.token_hex(17)[:33]
        services.key_add(owner=user, name="Emulator", pasted=made_up)
