"""Sign-in tokens: made, checked, renewed and ended here, for HTTP and socket alike.

Every token carries ``tv``, the user's token version, and ``fam``, the sign-in it came from (its
family). A token is valid only while the user exists and is active, the version is the profile's
and the family is not revoked; one query answers all of that.

Refresh tokens rotate: each is exchanged once, for the next one. For ``GRACE`` after that the token
before is good for the *same* successor again; used later, it ends its family.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt import tokens as jwt_tokens
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenError

from accounts.models import RefreshFamily
from accounts.rights import Account, SignIn, not_authenticated, sign_in_ended
from accounts.selectors import current_version, token_version

ISSUER = AUDIENCE = "chatproject"
MAX_TOKEN_CHARS = 2048
GRACE = timedelta(seconds=10)  # more than two tabs need, less than a thief has use for

# What a token of foreign make can raise while it is taken apart; each means "not ours".
BROKEN = (
    TokenError,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: str
    refresh: str

    def __repr__(self) -> str:
        return "TokenPair(…)"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a valid access token speaks for, and until when."""

    user_id: int
    username: str
    token_version: int
    expires_at: datetime
    family_id: uuid.UUID

    @property
    def sign_in(self) -> SignIn:
        return SignIn(self.user_id, self.token_version, self.family_id)


class OwnTokens:
    """simplejwt's token classes, bound to our key, issuer and audience."""

    def get_token_backend(self) -> TokenBackend:
        return TokenBackend(
            "HS256",
            signing_key=settings.JWT_SIGNING_KEY,
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=_setting("LEEWAY"),
        )


class AccessToken(OwnTokens, jwt_tokens.AccessToken):
    pass


class RefreshToken(OwnTokens, jwt_tokens.Token):
    """Not simplejwt's own: that one brings a table of tokens in plain text."""

    token_type = "refresh"  # noqa: S105
    lifetime = jwt_tokens.RefreshToken.lifetime


@dataclass(frozen=True, slots=True)
class Claims:
    user_id: int
    token_version: int
    family_id: uuid.UUID
    jti: uuid.UUID
    expires_at: datetime


def bearer_token(authorization: str | bytes) -> str:
    """The token in the value of an ``Authorization`` header; empty if it is of another scheme.

    A header is the only place where a token may stand in a request: addresses get into logs.
    """
    if isinstance(authorization, bytes):
        authorization = authorization.decode("latin-1")
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def authenticate(raw: str) -> Identity:
    """The holder of an access token.

    Raises:
        AppError: ``not_authenticated`` (401), whatever is wrong with the token.
    """
    return authenticate_user(raw)[1]


def authenticate_user(raw: str) -> tuple[User, Identity]:
    """Like ``authenticate``, with the user's row."""
    claims = _claims(AccessToken, raw)
    user = _family_of(claims).user
    return user, Identity(
        user.pk, user.get_username(), claims.token_version, claims.expires_at, claims.family_id
    )


def issue(user: User) -> TokenPair:
    """Tokens for a new sign-in."""
    now = _now()
    # Swept here, so that no job of its own has to: each sign-in removes what its user left behind.
    RefreshFamily.objects.filter(user=user, expires_at__lt=now).delete()
    family = RefreshFamily.objects.create(
        user=user,
        rotated_at=now,
        created_at=now,
        expires_at=now + _setting("REFRESH_TOKEN_LIFETIME"),
    )
    return _pair(family, current_version(user.pk))


def renew(raw: str) -> TokenPair:
    """The successor of a refresh token. Used again later, the old token ends its whole family.

    Raises:
        AppError: ``not_authenticated`` (401).
    """
    claims = _claims(RefreshToken, raw)
    with transaction.atomic():
        # Two renewals at once must come one after the other: both would rotate, one over the other,
        # and the tab that lost would be signed out for a token that is in nobody's row.
        # First the lock, then the row with its user: PostgreSQL locks no nullable side of a join.
        list(RefreshFamily.objects.select_for_update().filter(pk=claims.family_id))
        family = _family_of(claims)
        pair = _rotate(family, claims)
    # Raised outside the transaction, which would take the revocation back with it.
    return pair or _refuse()


def revoke(raw: str) -> None:
    """Sign out: end the family that a refresh token belongs to.

    Raises:
        AppError: ``not_authenticated`` (401).
    """
    claims = _claims(RefreshToken, raw)
    family = _family_of(claims)
    RefreshFamily.objects.filter(pk=family.pk).update(revoked_at=timezone.now())


def _claims(token_class: type[jwt_tokens.Token], raw: str) -> Claims:
    # Before anything is taken apart: a token of ours has a few hundred characters.
    if not isinstance(raw, str) or not raw.isascii() or len(raw) > MAX_TOKEN_CHARS:
        _refuse()
    try:
        token = token_class(raw)  # type: ignore[arg-type]  # its stub asks for a Token
        return Claims(
            int(token["user_id"]),
            int(token["tv"]),
            uuid.UUID(token["fam"]),
            uuid.UUID(token["jti"]),
            datetime.fromtimestamp(token["exp"], UTC),
        )
    except BROKEN:
        _refuse()


def _family_of(claims: Claims) -> RefreshFamily:
    """The family of a token whose user, version and family are all still good; one query."""
    families = RefreshFamily.objects.select_related("user__profile")
    family = families.filter(pk=claims.family_id).first()
    if family is None or family.user_id != claims.user_id:
        _refuse()
    # All in one row and one query: simplejwt's own check fails with a 500 for a deleted user, and
    # takes tokens from before a new password.
    user, is_open = family.user, family.revoked_at is None and family.expires_at > timezone.now()
    account = Account(user.is_active, token_version(user), is_open)
    if sign_in_ended(SignIn(user.pk, claims.token_version, family.pk), account):
        _refuse()
    return family


def _rotate(family: RefreshFamily, claims: Claims) -> TokenPair | None:
    """The next pair, or None after revoking a family whose old token was used again."""
    now = _now()
    # Of a stolen token, thief and owner hold the same copy, so one of the two comes second and
    # shows one that is not the newest any more. Nobody can tell which of them it is, so the whole
    # family ends, and the owner signs in again.
    #
    # What looks the same and is none: two tabs of a browser hold one token and renew it at once.
    # The slower one gets the same successor. With one of its own it would hold a token of another
    # branch, and its next renewal would look like theft.
    if claims.jti == family.current_jti:
        family.previous_jti, family.current_jti = family.current_jti, uuid.uuid4()
        family.rotated_at, family.expires_at = now, now + _setting("REFRESH_TOKEN_LIFETIME")
        family.save()
    elif claims.jti != family.previous_jti or now - family.rotated_at > GRACE:
        family.revoked_at = now
        family.save(update_fields=["revoked_at"])
        return None
    return _pair(family, claims.token_version)


def _pair(family: RefreshFamily, version: int) -> TokenPair:
    """Made from the row alone: the same row gives the same refresh token, byte for byte."""
    # Nothing random in it: whoever asks again within ``GRACE`` has to be given the very same token,
    # and none is stored that could be given out. (simplejwt's own table holds live ones in plain
    # text.)
    own = {"user_id": str(family.user_id), "tv": version, "fam": str(family.pk)}
    refresh = RefreshToken()
    refresh.payload.update(own, jti=family.current_jti.hex)
    refresh.set_iat(at_time=family.rotated_at)
    refresh.payload["exp"] = int(family.expires_at.timestamp())
    access = AccessToken()
    access.payload.update(own)
    return TokenPair(str(access), str(refresh))


def _setting(name: str) -> Any:
    return settings.SIMPLE_JWT[name]


def _now() -> datetime:
    # Tokens tell time in whole seconds; a row that does too can be made into the same token.
    return timezone.now().replace(microsecond=0)


def _refuse() -> NoReturn:
    raise not_authenticated() from None
