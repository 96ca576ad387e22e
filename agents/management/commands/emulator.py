"""``manage.py emulator``: a thin shell over ``python -m emulator``."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from agents.management.processes import emulator_command


class Command(BaseCommand):
    help = "Serve the stand-in for the Gemini API where GEMINI_BASE_URL points."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "base_url",
            nargs="?",
            default="",
            help="an address on this machine (default: GEMINI_BASE_URL)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        command = emulator_command(options["base_url"] or settings.GEMINI_BASE_URL)
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, command)  # noqa: S606 - our own module, no shell
