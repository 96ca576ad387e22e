"""REST: signing in and out, one's own profile."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import audit, services, tokens
from accounts.authentication import current_user
from accounts.selectors import choices_of, profile_of
from accounts.serializers import (
    MeInput,
    MeOutput,
    NoticesReadInput,
    PasswordInput,
    RefreshInput,
    RegisterInput,
    SignInInput,
    TokensOutput,
)
from accounts.throttle import client_address
from common.api import validated_body

MAX_NOTICES = 20
ANSWERS = ("tools", "thinking", "voice", "warn_above_tokens", "instructions")


def _tokens(pair: tokens.TokenPair, code: int = status.HTTP_200_OK) -> Response:
    return Response({"access": pair.access, "refresh": pair.refresh}, status=code)


@method_decorator(never_cache, name="dispatch")
class OpenView(APIView):
    """A door for people who are not signed in; a stale token in the header is not looked at."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class SignInView(OpenView):
    @extend_schema(request=SignInInput, responses=TokensOutput, auth=[])
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """Sign in."""
        data = validated_body(SignInInput, request)
        return _tokens(services.sign_in(**data, address=client_address(request)))


class RefreshView(OpenView):
    @extend_schema(request=RefreshInput, responses=TokensOutput, auth=[])
    def post(self, request: Request) -> Response:
        """Renew the tokens. A refresh token used again after 10 seconds ends its sign-in."""
        return _tokens(tokens.renew(validated_body(RefreshInput, request)["refresh"]))


class SignOutView(OpenView):
    @extend_schema(request=RefreshInput, responses={204: OpenApiResponse()}, auth=[])
    def post(self, request: Request) -> Response:
        """Sign out: end the sign-in that this refresh token belongs to."""
        tokens.revoke(validated_body(RefreshInput, request)["refresh"])
        return Response(status=status.HTTP_204_NO_CONTENT)


class RegisterView(OpenView):
    @extend_schema(request=RegisterInput, responses={201: TokensOutput}, auth=[])
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """Make an account, where the operator allows it."""
        data = validated_body(RegisterInput, request)
        pair = services.register(**data, address=client_address(request))
        return _tokens(pair, status.HTTP_201_CREATED)


class SignOutEverywhereView(APIView):
    @extend_schema(request=None, responses={204: OpenApiResponse()})
    def post(self, request: Request) -> Response:
        """Sign out on every device."""
        services.sessions_end(user=current_user(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(never_cache, name="dispatch")
class PasswordView(APIView):
    @extend_schema(request=PasswordInput, responses=TokensOutput)
    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """Change the password; every other sign-in ends."""
        data = validated_body(PasswordInput, request)
        pair = services.password_change(
            user=current_user(request), **data, address=client_address(request)
        )
        return _tokens(pair)


@method_decorator(never_cache, name="dispatch")
class MeView(APIView):
    @extend_schema(responses=MeOutput)
    def get(self, request: Request) -> Response:
        """One's own profile."""
        return Response(_me(current_user(request)))

    @extend_schema(request=MeInput, responses=MeOutput)
    def patch(self, request: Request) -> Response:
        """Choose the model, the keys, and how answers are made."""
        user, data = current_user(request), validated_body(MeInput, request)
        answers = {name: data[name] for name in ANSWERS if name in data}
        with transaction.atomic():
            if answers:
                services.profile_choose_answers(user=user, choices=answers)
            if "ai_model" in data:
                services.profile_choose_model(user=user, name=data["ai_model"])
            if "selected_api_key" in data:
                services.profile_choose_key(user=user, key_id=data["selected_api_key"])
            if "fallback_keys" in data:
                services.profile_choose_fallbacks(user=user, key_ids=data["fallback_keys"])
        return Response(_me(user))


class NoticesReadView(APIView):
    @extend_schema(request=NoticesReadInput, responses={204: OpenApiResponse()})
    def post(self, request: Request) -> Response:
        """Mark what others did to this account as read."""
        up_to = validated_body(NoticesReadInput, request)["up_to"]
        audit.notices_mark_read(current_user(request), up_to=up_to)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _me(user: User) -> dict[str, Any]:
    profile_of(user)
    choices = choices_of(user.pk)
    return MeOutput(
        {
            "id": str(user.pk),
            "username": user.username,
            "email": user.email,
            "ai_model": choices.ai_model,
            "ai_model_note": choices.ai_model_note,
            "selected_api_key": choices.key_id,
            "fallback_keys": services.fallbacks_of(user.pk, choices.fallback_key_ids),
            "tools": choices.tools,
            "thinking": choices.thinking,
            "voice": choices.voice,
            "warn_above_tokens": choices.warn_above_tokens,
            "instructions": choices.instructions,
            "date_joined": user.date_joined,
            "notices": [
                {"id": entry.pk, "at": entry.at, "message": audit.sentence_of(entry)}
                for entry in audit.notices_of(user)[:MAX_NOTICES]
            ],
        }
    ).data
