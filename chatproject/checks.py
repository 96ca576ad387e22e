"""System checks: settings that would be unsafe stop the start, in words, each with an id."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured

from chatproject.private import check_private
from chatproject.secrets_check import check_secrets

logger = logging.getLogger(__name__)

MODEL_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")
ORIGIN = re.compile(r"https?://[^/?#@\s*]+")


def check_debug(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """DEBUG shows source lines and settings to whoever can reach the server."""
    if not settings.DEBUG:
        return []
    public = [name for name in (*settings.ALLOWED_HOSTS, settings.HOST) if not is_loopback(name)]
    if not public:
        return []
    return [
        Error(
            "DEBUG is on while the server can be reached from outside.",
            hint=f"Set DEBUG=0, or remove from ALLOWED_HOSTS and HOST: {', '.join(public)}",
            id="chatproject.E006",
        )
    ]


def is_loopback(host: str) -> bool:
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def check_hosts(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if any("*" in host for host in settings.ALLOWED_HOSTS):
        problems.append(
            Error(
                "ALLOWED_HOSTS has a wildcard: any name would be believed.",
                hint="List the names people type, such as chat.example.org.",
                id="chatproject.E007",
            )
        )
    for origin in settings.ALLOWED_ORIGINS:
        if not ORIGIN.fullmatch(origin):
            problems.append(
                Error(
                    f"ALLOWED_ORIGINS: {origin!r} is not an origin.",
                    hint="Write scheme, name and port without a path: https://chat.example.org",
                    id="chatproject.E008",
                )
            )
    return problems


def check_gemini(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    try:
        parts = urlsplit(settings.GEMINI_BASE_URL)
        host = parts.hostname or ""
    except ValueError:
        host, parts = "", urlsplit("")
    if not host or parts.scheme not in ("http", "https") or parts.username or parts.query:
        problems.append(Error("GEMINI_BASE_URL is not a web address.", id="chatproject.E009"))
    elif parts.scheme == "http" and not is_loopback(host):
        problems.append(
            Error(
                "GEMINI_BASE_URL would send keys in clear text over the network.",
                hint="Use https, or an address on this machine.",
                id="chatproject.E010",
            )
        )
    for name, api_id in settings.GEMINI_MODELS.items():
        if not MODEL_ID.fullmatch(name) or not MODEL_ID.fullmatch(api_id):
            problems.append(
                Error(
                    f"GEMINI_MODELS: {name!r} cannot be a model.",
                    hint="Names and ids are lower-case letters, digits, dots and dashes.",
                    id="chatproject.E011",
                )
            )
    return problems


ALL: Sequence[Callable[..., list[CheckMessage]]] = (
    check_secrets,
    check_debug,
    check_hosts,
    check_gemini,
    check_private,
)


def refuse_bad_settings() -> None:
    """Raise on the first start with unsafe settings; servers do not run Django's checks."""
    problems = [problem for check in ALL for problem in check()]
    for problem in problems:
        if not problem.is_serious():
            logger.warning("%s", _line(problem))
    lines = [_line(problem) for problem in problems if problem.is_serious()]
    if lines:
        raise ImproperlyConfigured("The server does not start:\n" + "\n".join(lines))


def _line(problem: CheckMessage) -> str:
    return f"{problem.id}: {problem.msg} {problem.hint or ''}".strip()
