"""Addresses of files that open without a token, for five minutes: for what cannot send one.

A page's ``<video>`` and ``<iframe>`` send no ``Authorization``. The signature is over the file,
its owner and the owner's token version, so it opens this file only, and signing out everywhere or
changing the password ends it. The address itself says none of that. The key is for this alone:
``SECRET_KEY`` and a copy of the database together make no address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.utils import timezone

from common.derived import purpose_key
from conversations.models import Artifact

SALT = "conversations.links"
LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    expires_at: datetime


def file_url(artifact: Artifact) -> str:
    return f"/api/files/{artifact.pk}/"


def link_to(artifact: Artifact, token_version: int) -> Link:
    """A signed address of ``artifact`` for its owner, whose tokens have this version."""
    expires_at = timezone.now().replace(microsecond=0) + LASTS  # signatures tell whole seconds
    subject = _subject(artifact, token_version)
    signature = _signer().sign(subject).removeprefix(f"{subject}:")
    return Link(f"{file_url(artifact)}?link={signature}", expires_at)


def is_signed(artifact: Artifact, token_version: int, signature: str) -> bool:
    """Whether the signature is one for this file, this version, and not older than 5 minutes."""
    signed = f"{_subject(artifact, token_version)}:{signature}"
    try:
        _signer().unsign(signed, max_age=LASTS)
    except BadSignature:
        return False
    return True


def _signer() -> TimestampSigner:
    return TimestampSigner(key=purpose_key(SALT), salt=SALT, fallback_keys=[])


def _subject(artifact: Artifact, token_version: int) -> str:
    return f"{artifact.pk.hex}.{artifact.owner_id}.{token_version}"
