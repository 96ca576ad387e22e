"""REST: signing in and out, one's own profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import audit, services, tokens
from accounts.rights import SignIn
from accounts.selectors import choices_of, profile_of
from common.keylike import refuse_keys_in
from gemini import catalogue
from gemini import instructions as own_instructions

MAX_FALLBACKS = 10
MAX_NOTICES = 20
MAX_WARN_ABOVE = 1_000_000_000
ANSWERS = ("tools", "thinking", "voice", "warn_above_tokens", "instructions")


class PasswordField(serializers.CharField):
    """Taken as typed, blanks included; bounded, because hashing reads all of it."""

    def __init__(self) -> None:
        super().__init__(max_length=1024, trim_whitespace=False, write_only=True)


class InstructionsField(serializers.CharField):
    """Instructions of the user's own; empty is none."""

    def __init__(self, **options: Any) -> None:
        text = "Added to what every agent is told, in every conversation."
        options = {"allow_blank": True, "help_text": text, **options}
        super().__init__(max_length=own_instructions.MAX_CHARS, **options)


class SignInInput(serializers.Serializer[Any]):
    username = serializers.CharField(max_length=150)
    password = PasswordField()


class RegisterInput(SignInInput):
    email = serializers.EmailField(max_length=254, required=False, default="", allow_blank=True)


class RefreshInput(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=10 * tokens.MAX_TOKEN_CHARS)


class PasswordInput(serializers.Serializer[Any]):
    current_password = PasswordField()
    new_password = PasswordField()


class TokensOutput(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="Send as `Authorization: Bearer …`; short-lived.")
    refresh = serializers.CharField(help_text="Exchange once for the next pair.")


class MeInput(serializers.Serializer[Any]):
    ai_model = serializers.CharField(max_length=50, required=False)
    selected_api_key = serializers.UUIDField(
        required=False, allow_null=True, error_messages={"invalid": "This is not a key's id."}
    )
    fallback_keys = serializers.ListField(
        child=serializers.UUIDField(error_messages={"invalid": "This is not a key's id."}),
        max_length=MAX_FALLBACKS,
        required=False,
        help_text="Keys to go on with, in order, when the chosen one is out of quota.",
    )
    tools = serializers.ListField(
        child=serializers.CharField(max_length=20),
        max_length=20,
        required=False,
        help_text=f"Among: {', '.join(catalogue.TOOLS)}.",
    )
    thinking = serializers.CharField(
        max_length=20, required=False, help_text=f"One of: {', '.join(catalogue.THINKING)}."
    )
    voice = serializers.CharField(max_length=50, required=False, help_text="See `/api/voices/`.")
    warn_above_tokens = serializers.IntegerField(
        min_value=1,
        max_value=MAX_WARN_ABOVE,
        allow_null=True,
        required=False,
        help_text="Ask before a question of more tokens is sent; null: never.",
    )
    instructions = InstructionsField(required=False)


class NoticeOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    message = serializers.CharField()


class NoticesReadInput(serializers.Serializer[Any]):
    up_to = serializers.IntegerField(min_value=0, help_text="The id of the newest one read.")


class MeOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    username = serializers.CharField()
    email = serializers.CharField()
    ai_model = serializers.CharField(help_text="The one that answers; always one on offer.")
    ai_model_note = serializers.CharField(
        help_text="A sentence, if it stands in for one that was chosen and is not on offer."
    )
    selected_api_key = serializers.UUIDField(allow_null=True)
    fallback_keys = serializers.ListField(child=serializers.UUIDField())
    tools = serializers.ListField(child=serializers.ChoiceField(list(catalogue.TOOLS)))
    thinking = serializers.ChoiceField(list(catalogue.THINKING))
    voice = serializers.CharField()
    warn_above_tokens = serializers.IntegerField(allow_null=True)
    instructions = serializers.CharField()
    date_joined = serializers.DateTimeField()
    notices = NoticeOutput(many=True, help_text="What others did to this account; unread ones.")


def validated_body(
    serializer: type[serializers.Serializer[Any]], request: Request, **options: Any
) -> dict[str, Any]:
    """The request's body as ``serializer`` understands it; what it does not name is dropped.

    Raises:
        AppError: ``looks_like_key`` for a text with a Gemini key in it, wherever none belongs:
            in every field but the write-only ones.
    """
    form = serializer(data=request.data, **options)
    sent = request.data if isinstance(request.data, Mapping) else {}
    for name, field in form.fields.items():
        if not field.write_only:
            refuse_keys_in(sent.get(name), field=name)
    form.is_valid(raise_exception=True)
    return cast(dict[str, Any], form.validated_data)


def client_address(request: Request) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def current_user(request: Request) -> User:
    return cast(User, request.user)


def current_sign_in(request: Request) -> SignIn:
    return cast(tokens.Identity, request.auth).sign_in


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
