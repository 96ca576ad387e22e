"""What REST takes and gives of accounts: sign-in, tokens, one's own profile."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from accounts import tokens
from gemini import instructions as own_instructions
from gemini import model_info

MAX_FALLBACKS = 10
MAX_WARN_ABOVE = 1_000_000_000


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
        help_text=f"Among: {', '.join(model_info.TOOLS)}.",
    )
    thinking = serializers.CharField(
        max_length=20, required=False, help_text=f"One of: {', '.join(model_info.THINKING)}."
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
    tools = serializers.ListField(child=serializers.ChoiceField(list(model_info.TOOLS)))
    thinking = serializers.ChoiceField(list(model_info.THINKING))
    voice = serializers.CharField()
    warn_above_tokens = serializers.IntegerField(allow_null=True)
    instructions = serializers.CharField()
    date_joined = serializers.DateTimeField()
    notices = NoticeOutput(many=True, help_text="What others did to this account; unread ones.")
