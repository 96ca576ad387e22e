"""URLs of files that open without a token, for five minutes: for what cannot send one.

A page's ``<video>`` and ``<iframe>`` send no ``Authorization``. The signature is over the file and
the sign-in that wanted the URL, so it opens this file only, and ends when that sign-in does. The
URL itself says none of that. The key is for this alone: ``SECRET_KEY`` and a copy of the database
together make no URL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, TimestampSigner
from django.utils import timezone

from accounts.rights import SignIn, sign_ins_of
from common.derived import purpose_key
from common.errors import not_found
from conversations.access import canonical_uuid
from conversations.models import Artifact

SALT = "conversations.files.signed_urls"
LIFETIME = timedelta(minutes=5)
PARAMETER = "link"


@dataclass(frozen=True, slots=True)
class SignedUrl:
    url: str
    expires_at: datetime


def file_url(artifact: Artifact) -> str:
    return f"/api/files/{artifact.pk}/"


def signed_url(artifact: Artifact, sign_in: SignIn) -> SignedUrl:
    """A signed URL of ``artifact``, for as long as this sign-in of its owner stands."""
    expires_at = timezone.now().replace(microsecond=0) + LIFETIME  # signatures have whole seconds
    subject = _subject(artifact, sign_in)
    signature = _signer().sign(subject).removeprefix(f"{subject}:")
    return SignedUrl(f"{file_url(artifact)}?{PARAMETER}={signature}", expires_at)


def artifact_by_signature(artifact_id: str, signature: str) -> Artifact:
    """The file that a signed URL leads to, as long as the signature is worth anything.

    Raises:
        AppError: ``file_not_found`` (404), whatever the reason.
    """
    # One answer to all that is wrong: "lapsed" or "not yours" would say that the file is there.
    key = canonical_uuid(artifact_id)
    rows = Artifact.objects.select_related("owner__profile")
    artifact = rows.filter(pk=key).first() if key else None
    if artifact is None:
        raise not_found("file")
    # What is signed names a sign-in, so it is held against each of the owner's that stands. One
    # that ended is not among them, and its URLs end with it without being written down anywhere.
    sign_ins = sign_ins_of(artifact.owner)  # the URL does not tell whose it is
    if not any(_is_signed(artifact, sign_in, signature) for sign_in in sign_ins):
        raise not_found("file")
    return artifact


def _is_signed(artifact: Artifact, sign_in: SignIn, signature: str) -> bool:
    signed = f"{_subject(artifact, sign_in)}:{signature}"
    try:
        _signer().unsign(signed, max_age=LIFETIME)
    except BadSignature:
        return False
    return True


def _signer() -> TimestampSigner:
    # No fallback keys: Django would take ``SECRET_KEY_FALLBACKS``, and one of these with a copy of
    # the database would make URLs.
    return TimestampSigner(key=purpose_key(SALT), salt=SALT, fallback_keys=[])


def _subject(artifact: Artifact, sign_in: SignIn) -> str:
    family = sign_in.family_id.hex if sign_in.family_id else ""
    return f"{artifact.pk.hex}.{artifact.owner_id}.{sign_in.token_version}.{family}"
