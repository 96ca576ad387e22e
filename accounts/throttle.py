"""Limits tries to sign in before any password is hashed: hashing is what attackers would spend."""

from __future__ import annotations

import hmac
import unicodedata
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.request import Request

from accounts.models import KnownOrigin, SignInAttempt
from common.derived import purpose_key
from common.throttle import throttle_event

KNOWN_FOR = timedelta(days=90)
TOO_MANY_ATTEMPTS = ("too_many_attempts", "Too many tries. Wait a minute, then try again.")


def throttle_attempt(*, address: str, name: str = "") -> SignInAttempt:
    """Count a try from ``address``, and on the account ``name`` if one is meant.

    Report a good try with ``attempt_succeeded``.

    Raises:
        AppError: ``too_many_attempts`` (429): one of the limits is reached.
    """
    attempt = SignInAttempt(
        name_digest=_digest(name) if name else "", address=network(address), at=timezone.now()
    )
    # From where the account was signed in to before, tries have an allowance of their own. With one
    # for all, five wrong tries a minute from anywhere lock its owner out.
    attempt.is_known = bool(name) and KnownOrigin.objects.filter(digest=_origin(attempt)).exists()
    limits: dict[tuple[str, ...], int] = {}
    if attempt.is_known:
        limits["name_digest", "address", "is_known"] = settings.LOGIN_PER_ACCOUNT
    else:
        # Of tries from nowhere known, ``is_known`` being false: those of a known origin are left
        # out, or a crowded address would use up the owner's allowance.
        limits["address", "is_known"] = settings.LOGIN_PER_ADDRESS
        if name:
            limits["name_digest", "is_known"] = settings.LOGIN_PER_ACCOUNT
    throttle_event(attempt, limits, TOO_MANY_ATTEMPTS)
    return attempt


def attempt_succeeded(attempt: SignInAttempt) -> None:
    """Do not count a good try, and remember where it came from."""
    attempt.delete()
    now = timezone.now()
    KnownOrigin.objects.filter(last_at__lt=now - KNOWN_FOR).delete()
    KnownOrigin.objects.update_or_create(digest=_origin(attempt), defaults={"last_at": now})


def client_address(request: HttpRequest | Request) -> str:
    """The address that a request's connection comes from."""
    return str(request.META.get("REMOTE_ADDR", ""))


def network(address: str) -> str:
    """The peer's address; of an IPv6 one the /64 that one customer usually holds.

    It is the connection's own address, never a header: a proxy in front must be named to the
    server (uvicorn's --forwarded-allow-ips), which then sets it.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return ""  # a Unix socket has none; all such callers count as one
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ip_network((int(ip), 64), strict=False).network_address)
    return str(ip)


def _digest(name: str) -> str:
    # Names that look alike count as one, or each spelling would bring tries of its own. A digest,
    # because people type their password as the name.
    return _mac("name", unicodedata.normalize("NFKC", name).casefold())


def _origin(attempt: SignInAttempt) -> str:
    return _mac("origin", f"{attempt.name_digest} {attempt.address}")


def _mac(kind: str, value: str) -> str:
    # Keyed: without the server's secrets a dump tells neither who signed in nor from where, though
    # names and addresses are few enough to try them all.
    return hmac.digest(purpose_key(f"accounts.attempts.{kind}"), value.encode(), "sha256").hex()
