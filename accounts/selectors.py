"""Reads about users and their profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from accounts.models import UserProfile
from gemini import catalogue, model_info
from gemini.voices import DEFAULT_VOICE, is_voice

FALLBACK_KEYS = "fallback_keys"
WARN_ABOVE_TOKENS = 50_000


def profile_of(user: User) -> UserProfile:
    """The user's profile; made here for a user that came in bulk, past every signal."""
    try:
        return user.profile
    except UserProfile.DoesNotExist:
        return UserProfile.objects.get_or_create(user=user)[0]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a user has chosen for the runs to come.

    Only what is on offer today is among it, whatever was stored; ``ai_model_note`` is a sentence
    about a model that another one stands in for. ``warn_above_tokens`` None: never.
    ``instructions`` are the user's own, for every conversation.
    """

    key_id: UUID | None = None
    fallback_key_ids: tuple[UUID, ...] = ()
    ai_model: str = catalogue.DEFAULT_MODEL
    ai_model_note: str = ""
    tools: tuple[str, ...] = model_info.TOOLS_ON
    thinking: str = "auto"
    voice: str = DEFAULT_VOICE
    warn_above_tokens: int | None = WARN_ABOVE_TOKENS
    instructions: str = ""


def choices_of(user_id: int) -> Choices:
    """The user's choices, in one query."""
    columns = ("selected_api_key", "preferences", "ai_model")
    row = UserProfile.objects.filter(pk=user_id).values_list(*columns).first()
    if row is None:
        return Choices()
    key_id, preferences, ai_model = row
    model, note = catalogue.resolve_choice(ai_model)
    return Choices(
        key_id=key_id,
        fallback_key_ids=tuple(map(UUID, preferences.get(FALLBACK_KEYS, []))),
        ai_model=model.name,
        ai_model_note=note,
        **_answer_preferences(preferences),
    )


def _answer_preferences(preferences: Mapping[str, Any]) -> dict[str, Any]:
    """How answers are to be made; what is not on offer any more is as if it was never chosen."""
    wanted = preferences.get("tools", model_info.TOOLS_ON)
    thinking, voice = preferences.get("thinking"), preferences.get("voice", "")
    return {
        "tools": tuple(tool for tool in model_info.TOOLS if tool in wanted),
        "thinking": thinking if thinking in model_info.THINKING else "auto",
        "voice": voice if is_voice(voice) else DEFAULT_VOICE,
        "warn_above_tokens": preferences.get("warn_above_tokens", WARN_ABOVE_TOKENS),
        "instructions": preferences.get("instructions", ""),
    }


def current_version(user_id: int) -> int:
    """The version that new tokens carry, read now: a user at hand may hold an older profile."""
    versions = UserProfile.objects.filter(pk=user_id).values_list("token_version", flat=True)
    return versions.first() or 0


def token_version(user: User) -> int:
    """The version on the profile loaded with ``user``; 0 as long as there is none."""
    try:
        return user.profile.token_version
    except UserProfile.DoesNotExist:
        return 0
