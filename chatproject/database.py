"""``DATABASE_URL`` as Django's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

EXPECTED = "DATABASE_URL must look like sqlite:///file or postgres://user:password@host:port/name."


def from_url(url: str, *, var_dir: Path, pool_size: int, timeout_ms: int) -> Any:
    """Settings of one database; an empty ``url`` means SQLite in ``var_dir``.

    The text of the URL is never part of an error: it holds a password.
    """
    if not url:
        return _sqlite(var_dir / "chatproject.sqlite3")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(EXPECTED) from None
    if parts.scheme == "sqlite" and not parts.netloc and len(parts.path) > 1:
        return _sqlite(var_dir / unquote(parts.path[1:]))  # an absolute path stays absolute
    if parts.scheme not in ("postgres", "postgresql") or len(parts.path) < 2:
        raise ImproperlyConfigured(EXPECTED)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(port or ""),
        "CONN_MAX_AGE": 0,  # the pool keeps connections, requests do not
        "CONN_HEALTH_CHECKS": True,  # after a restart of PostgreSQL the pool's are all dead
        "OPTIONS": {
            **options,
            # A short reconnect_timeout: while PostgreSQL is away the pool waits longer and longer
            # between its tries, and begins anew after this time.
            "pool": {"min_size": 1, "max_size": pool_size, "timeout": 5, "reconnect_timeout": 2},
            # The last one: a process that is frozen must not keep what it has locked.
            "options": f"-c statement_timeout={timeout_ms} -c lock_timeout={timeout_ms} "
            f"-c idle_in_transaction_session_timeout={timeout_ms}",
        },
    }


def _sqlite(path: Path) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            # A transaction that begins as a reader and then writes fails at once when another one
            # wrote meanwhile, whatever the timeout. Begun as a writer it waits. Code relies on
            # that: where PostgreSQL locks rows, SQLite has one writer at a time.
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            # WAL: readers go on while somebody writes. NORMAL: one sync per checkpoint instead of
            # per commit; after a power cut the last commits can be gone, and the file is whole.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        "TEST": {"NAME": path.with_name("test.sqlite3")},
    }
