"""The system check of secrets: random, long, and each of them another one."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.core.exceptions import ImproperlyConfigured

MIN_BYTES = 32
MIN_LETTERS = 10  # different ones
REPEATED = 8  # letters that random values do not hold twice
# What people copy: the words of our own documentation, Django's template, and common examples.
SAMPLE_WORDS = (
    "changeme",
    "change-me",
    "example",
    "django-insecure",
    "insecure",
    "placeholder",
    "secret-key",
    "your-",
    "paste-",
    "password",
    "qwerty",
    "12345678",
)
MAKE_ONE = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
MUST_STAY = (
    "It still opens what it sealed: run manage.py rotatekeys, then take it out of the list "
    "(docs/keys.md)."
)


def check_secrets(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    keys = settings.FERNET_KEYS
    if not isinstance(keys, list | tuple) or not keys:
        problems.append(_error("FERNET_KEYS is not set: no key can be stored.", "E005"))
        keys = []
    values = [("SECRET_KEY", _setting("SECRET_KEY")), ("JWT_SIGNING_KEY", settings.JWT_SIGNING_KEY)]
    values += [("FERNET_KEYS", key) for key in keys]
    for name, value in values:
        problems += weakness(name, value, retired=name == "FERNET_KEYS" and value != keys[0])
    return problems + _repetition([*values, *_passwords()])


def _error(message: str, number: str, hint: str = MAKE_ONE) -> Error:
    return Error(message, hint=hint, id=f"chatproject.{number}")


def _setting(name: str) -> Any:
    try:
        return getattr(settings, name)
    except ImproperlyConfigured:  # Django's own words for an empty SECRET_KEY
        return ""


def _passwords() -> list[tuple[str, str]]:
    """Other secrets of the server, which must be none of the three."""
    database = settings.DATABASES["default"].get("PASSWORD")
    passwords = [("DEMO_PASSWORD", settings.DEMO_PASSWORD), ("DATABASE_URL", database)]
    return [(name, value) for name, value in passwords if value]


def weakness(name: str, value: Any, *, retired: bool) -> list[CheckMessage]:
    """What is wrong with one secret.

    Args:
        retired: it only opens what it sealed earlier. A server that refused a sample or a pattern
            there could not rotate away from it.
    """
    if not isinstance(value, str) or not value:
        return [_error(f"{name} is not set.", "E001")]
    if len(value.encode()) < MIN_BYTES or len(set(value)) < MIN_LETTERS:
        text = f"{name} is too weak: at least {MIN_BYTES} random bytes are needed."
        return [_error(text, "E002")]
    if any(word in value.lower() for word in SAMPLE_WORDS):
        text, number = f"{name} is a sample value.", "E004"
    elif _is_pattern(value):
        text, number = f"{name} is too weak: it follows a pattern.", "E002"
    else:
        return []
    if retired:
        return [Warning(text, hint=MUST_STAY, id="chatproject.W013")]
    return [_error(text, number)]


def _is_pattern(value: str) -> bool:
    """Whether it repeats itself, or goes up or down letter by letter."""
    pieces = [value[at : at + REPEATED] for at in range(len(value) - REPEATED + 1)]
    steps = [abs(ord(one) - ord(other)) <= 1 for one, other in pairwise(value)]
    return len(set(pieces)) < len(pieces) or sum(steps) > 0.6 * len(steps)


def _repetition(values: list[tuple[str, Any]]) -> list[CheckMessage]:
    """Values that are the same as, or a part of, another one."""
    texts = [(name, value) for name, value in values if isinstance(value, str) and value]
    names = {
        name
        for at, (one, value) in enumerate(texts)
        for other, longer in texts[:at] + texts[at + 1 :]
        # Parts as well: a secret with "2" behind it is known to whoever knows the first.
        if value in longer and len(value) >= MIN_LETTERS
        for name in (one, other)
    }
    if not names:
        return []
    text = f"The same value is used twice in {', '.join(sorted(names))}."
    return [_error(text, "E003", "Each secret must be its own random value.")]
