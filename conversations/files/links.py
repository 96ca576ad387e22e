"""Addresses of files that open without a token, for five minutes: for what cannot send one.

A page's ``<video>`` and ``<iframe>`` send no ``Authorization``. The signature is over the file and
the sign-in that wanted the address, so it opens this file only, and ends when that sign-in does.
The address itself says none of that. The key is for this alone: ``SECRET_KEY`` and a copy of the
database together make no address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.utils import timezone

from accounts.rights import SignIn
from common.derived import purpose_key
from conversations.models import Artifact

SALT = "conversations.files.links"
LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    expires_at: datetime


def file_url(artifact: Artifact) -> str:
    return f"/api/files/{artifact.pk}/"


def link_to(artifact: Artifact, sign_in: SignIn) -> Link:
    """A signed address of ``artifact``, for as long as this sign-in of its owner stands."""
    expires_at = timezone.now().replace(microsecond=0) + LASTS  # signatures tell whole seconds
    subject = _subject(artifact, sign_in)
    signature = _signer().sign(subject).removeprefix(f"{subject}:")
    return Link(f"{file_url(artifact)}?link={signature}", expires_at)


def is_signed(artifact: Artifact, sign_in: SignIn, signature: str) -> bool:
    """Whether the signature is one for this file and sign-in, and not older than 5 minutes."""
    signed = f"{_subject(artifact, sign_in)}:{signature}"
    try:
        _signer().unsign(signed, max_age=LASTS)
    except BadSignature:
        return False
    return True


def _signer() -> TimestampSigner:
    return TimestampSigner(key=purpose_key(SALT), salt=SALT, fallback_keys=[])


def _subject(artifact: Artifact, sign_in: SignIn) -> str:
    family = sign_in.family_id.hex if sign_in.family_id else ""
    return f"{artifact.pk.hex}.{artifact.owner_id}.{sign_in.token_version}.{family}"
