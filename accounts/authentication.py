"""The REST side of ``accounts.tokens``: the bearer token of the Authorization header."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import User
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import tokens
from accounts.rights import SignIn
from common.errors import AppError


class TokenAuthentication(BaseAuthentication):
    """Reads ``Authorization: Bearer <access token>`` and nothing else: no cookie, no query."""

    def authenticate(self, request: Request) -> tuple[User, tokens.Identity] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        try:
            return tokens.authenticate_user(tokens.bearer_token(header))
        except AppError:
            # DRF adds the WWW-Authenticate header to its own exception only.
            raise AuthenticationFailed from None

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its registry
    """Tells the OpenAPI schema how to sign in."""

    target_class = TokenAuthentication
    name = "accessToken"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def current_user(request: Request) -> User:
    """Who sent a request, in a view that anonymous users do not reach."""
    return cast(User, request.user)


def current_sign_in(request: Request) -> SignIn:
    """The sign-in that the request's token came from."""
    return cast(tokens.Identity, request.auth).sign_in
