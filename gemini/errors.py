"""What can go wrong between a question and its answer: one table of codes.

    the key          invalid_key key_type key_blocked key_restricted api_disabled region quota
                     billing billing_required budget key_deleted key_inactive key_expired
                     key_replaced loan_ended model_not_lent
    the user         signed_out user_inactive user_deleted
    the model        model_gone model_forbidden overloaded timeout tools_refused
    the question     blocked recitation language too_long bad_request
    its files        file_refused file_not_ready file_gone too_large storage_full
    the answer       no_answer no_image no_video stopped truncated upstream_error history_refused
    our side         unreachable limit_reached interrupted internal

``error_mapping`` decides which of them an answer of Google's means. The words of another party
never become ours: Google's error text can contain the user's key.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from common.errors import AppError

_STUDIO = "https://aistudio.google.com"
BILLING_PAGE = f"{_STUDIO}/billing"
KEYS_PAGE = f"{_STUDIO}/api-keys"
CREDENTIALS_PAGE = "https://console.cloud.google.com/apis/credentials"
ENABLE_PAGE = "https://console.cloud.google.com/apis/library/generativelanguage.googleapis.com"


@dataclass(frozen=True, slots=True)
class Kind:
    """What a code means.

    Args:
        sentence: what happened and what to do, for the user; at most 200 characters.
        retry: the same request may succeed if it is made again.
        key_status: what it says of the key: ``invalid``, ``blocked``, ``limited`` (it works, but
            not as it is set up at Google) or ``quota``; empty: nothing.
        fails_over: another key may do where this one did not.
        lighter_helps: another model may do where this one did not.
        unchecked: a key that fails a check so can be stored: it may work elsewhere, or later.
        help_url: the page at Google where it can be mended.
    """

    sentence: str
    retry: bool = False
    key_status: str = ""
    fails_over: bool = False
    lighter_helps: bool = False
    unchecked: bool = False
    help_url: str = ""


KINDS: dict[str, Kind] = {
    "invalid_key": Kind(
        "Google does not accept this key. Check it, or choose another one under Keys.",
        key_status="invalid",
        fails_over=True,
        help_url=KEYS_PAGE,
    ),
    "key_type": Kind(
        "Google does not accept this kind of key any more. Make a new key in Google AI Studio: "
        "it begins with AQ. Then enter it under Keys.",
        key_status="invalid",
        fails_over=True,
        help_url=KEYS_PAGE,
    ),
    "key_blocked": Kind(
        "Google refuses this key: it is blocked, or its project may not use the Gemini API. "
        "Look at the key in Google AI Studio, or choose another one under Keys.",
        key_status="blocked",
        fails_over=True,
        help_url=KEYS_PAGE,
    ),
    "key_restricted": Kind(
        "This key is restricted at Google to other uses than this server's. Change its "
        "restrictions in the Google Cloud console, or choose another key.",
        key_status="limited",
        fails_over=True,
        unchecked=True,
        help_url=CREDENTIALS_PAGE,
    ),
    "api_disabled": Kind(
        "The Gemini API is not enabled in this key's project. Enable the Generative Language API "
        "in the Google Cloud console, wait a few minutes, then try again.",
        key_status="limited",
        fails_over=True,
        unchecked=True,
        help_url=ENABLE_PAGE,
    ),
    "region": Kind(
        "Google does not offer the Gemini API, or its free tier, where this server stands. The key "
        "is not at fault. A key with billing may work; else ask the administrator.",
        fails_over=True,
        unchecked=True,
    ),
    "quota": Kind(
        "This key's quota at Google is used up. Wait, or choose another key under Keys.",
        retry=True,
        key_status="quota",
        fails_over=True,
        lighter_helps=True,
    ),
    "billing": Kind(
        "The project of this key has no credit left at Google. Waiting does not help: add credit "
        "on the billing page of Google AI Studio, or choose another key.",
        key_status="limited",
        fails_over=True,
        help_url=BILLING_PAGE,
    ),
    "billing_required": Kind(
        "This model needs a key with billing: Google gives this key no quota for it. Choose "
        "another model, or set up billing in Google AI Studio.",
        fails_over=True,
        lighter_helps=True,
        help_url=BILLING_PAGE,
    ),
    "budget": Kind(
        "This key's budget is used up. Wait, raise it, or choose another key under Keys."
    ),
    "key_deleted": Kind("This key was deleted. Choose another one under Keys."),
    "key_inactive": Kind("This key was switched off. Choose another one under Keys."),
    "key_expired": Kind("This key is past its expiry date. Choose another one under Keys."),
    "key_replaced": Kind(
        "Another key was put in the place of this one while answering. Ask again."
    ),
    "loan_ended": Kind("This key is not lent to you any more. Choose another one under Keys."),
    "model_not_lent": Kind(
        "This key is lent to you for other models. Choose another model or key."
    ),
    "signed_out": Kind("The sign-in that asked for this answer has ended. Sign in, and ask again."),
    "user_inactive": Kind("This account was switched off while answering. Ask its administrator."),
    "user_deleted": Kind("This account was deleted while answering."),
    "model_gone": Kind(
        "Google does not offer this model any more. Choose another model.", lighter_helps=True
    ),
    "model_forbidden": Kind(
        "Google does not let this key use this model. Choose another model, or another key.",
        fails_over=True,
        lighter_helps=True,
    ),
    "overloaded": Kind(
        "The model is overloaded. Try again shortly, or choose another one.",
        retry=True,
        lighter_helps=True,
    ),
    "timeout": Kind("Gemini did not answer in time. Try again.", retry=True, lighter_helps=True),
    "tools_refused": Kind(
        "This model cannot be used with these tools. Switch some of them off, or choose another "
        "model."
    ),
    "blocked": Kind("Gemini's safety rules stopped this answer. Put the question differently."),
    "recitation": Kind(
        "Gemini stopped because the answer came too close to a published text. Ask for it in "
        "other words, or for a summary."
    ),
    "language": Kind(
        "Gemini does not support the language of this answer. Ask in another language."
    ),
    "too_long": Kind(
        "This conversation is longer than the model can read. Start a new conversation."
    ),
    "bad_request": Kind(
        "Gemini could not use this request. Put it differently, or change the model."
    ),
    "file_refused": Kind(
        "Google cannot use a file of this question. Send it in another form, or ask without it."
    ),
    "file_not_ready": Kind(
        "Google has not finished reading a file of this question. Wait a minute, then ask again."
    ),
    "file_gone": Kind(
        "A file of this conversation is not at Google any more. Ask again to send it.", retry=True
    ),
    "too_large": Kind(
        "This question is larger than Google takes at once. Send fewer or smaller files."
    ),
    "storage_full": Kind(
        "There is no room left for what was made. Delete files you no longer need."
    ),
    "no_answer": Kind(
        "Gemini gave no answer. Ask again, or put the question differently.",
        retry=True,
        lighter_helps=True,
    ),
    "no_image": Kind(
        "The model made no picture from this. Describe the picture differently.", retry=True
    ),
    "no_video": Kind(
        "This server cannot make videos yet: they need another interface of Google's, which comes "
        "later. Ask for a picture, or for the script of a video."
    ),
    "stopped": Kind("Gemini stopped this answer without saying why. Ask again."),
    "truncated": Kind("The answer broke off before its end. Ask again to get a whole one."),
    "upstream_error": Kind("Gemini had a fault while answering. Try again.", retry=True),
    "history_refused": Kind(
        "Gemini could not go on from the earlier answers of this conversation. Ask again, or "
        "start a new conversation."
    ),
    "unreachable": Kind(
        "This server cannot reach Gemini at the moment. Try again shortly.", retry=True
    ),
    "limit_reached": Kind("This answer reached the limit of model calls for one question."),
    "interrupted": Kind("The server stopped while answering. What was said is kept; ask again."),
    "internal": Kind("Something went wrong on this server. Try again, or ask its administrator."),
}

SENTENCES = {code: kind.sentence for code, kind in KINDS.items()}


class GeminiError(AppError):
    """A failed model call or run, in our own words.

    Args:
        code: a key of ``KINDS``.
        message: replaces the code's sentence where more can be said; safe to show. ``{files}`` in
            it stands for the names of the files it is about; see ``naming``.
        retry_after_s: what Google asked to wait, in seconds, if it said so.
        try_model: a model, by its name in the catalogue, that may do where this one did not.
        final: the same request fails again, whatever the code says.
        about: what is known of the files it is about: kinds, MIME types, ids.

    Attributes:
        files: ids of files that Google cannot use.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        retry_after_s: float | None = None,
        try_model: str = "",
        final: bool = False,
        about: Collection[str] = (),
    ) -> None:
        self._template = message or SENTENCES[code]
        super().__init__(code, "", retry_after_s=retry_after_s)
        self.naming(())
        self.files: tuple[str, ...] = ()
        self.try_model = try_model
        self.final = final
        self.about = frozenset(about)

    def __str__(self) -> str:
        """The code alone: a message can hold the names of the user's files, which no log may."""
        return self.code

    def naming(self, names: Collection[str]) -> None:
        """Say in the message which files it is about."""
        shown = ", ".join(f"“{name}”" for name in list(names)[:3])
        shown += " and others" if len(names) > 3 else ""
        self.message = self._template.replace("{files}", shown or "a file")

    @property
    def kind(self) -> Kind:
        return KINDS[self.code]

    @property
    def advice(self) -> dict[str, Any]:
        """What to do next: ``{"retryAfter"?: seconds, "tryModel"?: name, "help"?: address}``.

        ``"files"?`` are the ids of files to leave out.
        """
        advice: dict[str, Any] = {}
        if self.retry_after_s is not None:
            advice["retryAfter"] = self.retry_after_s
        if self.try_model:
            advice["tryModel"] = self.try_model
        if self.kind.help_url:
            advice["help"] = self.kind.help_url
        if self.files:
            advice["files"] = list(self.files)
        return advice

    @property
    def retryable(self) -> bool:
        return self.kind.retry and not self.final
