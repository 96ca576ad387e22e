"""What can go wrong in a call to Gemini: one table of codes.

    the key          invalid_key key_type key_blocked key_restricted api_disabled region quota
                     billing billing_required budget key_deleted key_inactive key_expired
                     key_replaced loan_ended model_not_lent
    the model        model_gone model_forbidden overloaded timeout tools_refused
    the prompt       blocked recitation language too_long bad_request
    its files        file_refused file_not_ready file_gone too_large
    the answer       no_answer no_image stopped truncated upstream_error history_refused
    our side         unreachable internal

``error_mapping`` decides which of them an answer of Google's means. The words of another party
never become ours: Google's error text can contain the user's key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from common.errors import AppError

_STUDIO = "https://aistudio.google.com"
BILLING_PAGE = f"{_STUDIO}/billing"
KEYS_PAGE = f"{_STUDIO}/api-keys"
CREDENTIALS_PAGE = "https://console.cloud.google.com/apis/credentials"
ENABLE_PAGE = "https://console.cloud.google.com/apis/library/generativelanguage.googleapis.com"


@dataclass(frozen=True, slots=True)
class ErrorSpec:
    """What a code means.

    Args:
        message: what happened and what to do, for the user; at most 200 characters.
        retry: the same request may succeed if it is made again.
        status: the HTTP status where a request fails with it; most are a gateway's.
        key_status: what it means for the key: ``invalid``, ``blocked``, ``limited`` (it works, but
            not as it is set up at Google) or ``quota``; empty: nothing.
        fails_over: another key may do where this one did not.
        lighter_helps: another model may do where this one did not.
        unchecked: a key that fails a check so can be stored: it may work elsewhere, or later.
        help_url: the page at Google where it can be mended.
    """

    message: str
    retry: bool = False
    status: int = 502
    key_status: str = ""
    fails_over: bool = False
    lighter_helps: bool = False
    unchecked: bool = False
    help_url: str = ""


ERRORS: dict[str, ErrorSpec] = {
    "invalid_key": ErrorSpec(
        "Google does not accept this key. Check it, or choose another one under Keys.",
        key_status="invalid",
        fails_over=True,
        help_url=KEYS_PAGE,
    ),
    "key_type": ErrorSpec(
        "Google does not accept this kind of key any more. Make a new key in Google AI Studio: "
        "it begins with AQ. Then enter it under Keys.",
        key_status="invalid",
        fails_over=True,
        help_url=KEYS_PAGE,
    ),
    "key_blocked": ErrorSpec(
        "Google refuses this key: it is blocked, or its project may not use the Gemini API. "
        "Look at the key in Google AI Studio, or choose another one under Keys.",
        key_status="blocked",
        fails_over=True,
        help_url=KEYS_PAGE,
    ),
    "key_restricted": ErrorSpec(
        "This key is restricted at Google to other uses than this server's. Change its "
        "restrictions in the Google Cloud console, or choose another key.",
        key_status="limited",
        fails_over=True,
        unchecked=True,
        help_url=CREDENTIALS_PAGE,
    ),
    "api_disabled": ErrorSpec(
        "The Gemini API is not enabled in this key's project. Enable the Generative Language API "
        "in the Google Cloud console, wait a few minutes, then try again.",
        key_status="limited",
        fails_over=True,
        unchecked=True,
        help_url=ENABLE_PAGE,
    ),
    # No ``key_status``, although Google answers as it does to a bad key: the place of the server is
    # at fault, and a key that was marked could not be used from a better place either.
    "region": ErrorSpec(
        "Google does not offer the Gemini API, or its free tier, where this server stands. The key "
        "is not at fault. A key with billing may work; else ask the administrator.",
        fails_over=True,
        unchecked=True,
    ),
    "quota": ErrorSpec(
        "This key's quota at Google is used up. Wait, or choose another key under Keys.",
        retry=True,
        status=429,
        key_status="quota",
        fails_over=True,
        lighter_helps=True,
    ),
    # Not ``retry``, though it comes as a 429 like a quota: no wait brings credit back.
    "billing": ErrorSpec(
        "The project of this key has no credit left at Google. Waiting does not help: add credit "
        "on the billing page of Google AI Studio, or choose another key.",
        key_status="limited",
        fails_over=True,
        help_url=BILLING_PAGE,
    ),
    "billing_required": ErrorSpec(
        "This model needs a key with billing: Google gives this key no quota for it. Choose "
        "another model, or set up billing in Google AI Studio.",
        fails_over=True,
        lighter_helps=True,
        help_url=BILLING_PAGE,
    ),
    # This, and what follows about keys and loans, is ended by this server and not by Google. None
    # of it fails over: whether another key may pay then is for ``Keys`` to say (``PASSED_OVER``).
    "budget": ErrorSpec(
        "This key's budget is used up. Wait, raise it, or choose another key under Keys.",
        status=429,
    ),
    "key_deleted": ErrorSpec("This key was deleted. Choose another one under Keys.", status=400),
    "key_inactive": ErrorSpec(
        "This key was switched off. Choose another one under Keys.", status=400
    ),
    "key_expired": ErrorSpec(
        "This key is past its expiry date. Choose another one under Keys.", status=400
    ),
    "key_replaced": ErrorSpec(
        "Another key was put in the place of this one while answering. Ask again.",
        status=400,
    ),
    "loan_ended": ErrorSpec(
        "This key is not lent to you any more. Choose another one under Keys.", status=403
    ),
    "model_not_lent": ErrorSpec(
        "This key is lent to you for other models. Choose another model or key.",
        status=403,
    ),
    "model_gone": ErrorSpec(
        "Google does not offer this model any more. Choose another model.", lighter_helps=True
    ),
    "model_forbidden": ErrorSpec(
        "Google does not let this key use this model. Choose another model, or another key.",
        fails_over=True,
        lighter_helps=True,
    ),
    "overloaded": ErrorSpec(
        "The model is overloaded. Try again shortly, or choose another one.",
        retry=True,
        lighter_helps=True,
    ),
    # Not ``fails_over``, like all that is the model's own: another key meets the same model.
    "timeout": ErrorSpec(
        "Gemini did not answer in time. Try again.", retry=True, lighter_helps=True
    ),
    "tools_refused": ErrorSpec(
        "This model cannot be used with these tools. Switch some of them off, or choose another "
        "model."
    ),
    "blocked": ErrorSpec(
        "Gemini's safety rules stopped this answer. Put the question differently."
    ),
    "recitation": ErrorSpec(
        "Gemini stopped because the answer came too close to a published text. Ask for it in "
        "other words, or for a summary."
    ),
    "language": ErrorSpec(
        "Gemini does not support the language of this answer. Ask in another language."
    ),
    "too_long": ErrorSpec(
        "This conversation is longer than the model can read. Start a new conversation."
    ),
    "bad_request": ErrorSpec(
        "Gemini could not use this request. Put it differently, or change the model.",
        status=400,
    ),
    "file_refused": ErrorSpec(
        "Google cannot use a file of this question. Send it in another form, or ask without it.",
        status=400,
    ),
    "file_not_ready": ErrorSpec(
        "Google has not finished reading a file of this question. Wait a minute, then ask again."
    ),
    "file_gone": ErrorSpec(
        "A file of this conversation is not at Google any more. Ask again to send it.", retry=True
    ),
    "too_large": ErrorSpec(
        "This question is larger than Google takes at once. Send fewer or smaller files.",
        status=400,
    ),
    "no_answer": ErrorSpec(
        "Gemini gave no answer. Ask again, or put the question differently.",
        retry=True,
        lighter_helps=True,
    ),
    "no_image": ErrorSpec(
        "The model made no picture from this. Describe the picture differently.", retry=True
    ),
    "stopped": ErrorSpec("Gemini stopped this answer without saying why. Ask again."),
    "truncated": ErrorSpec("The answer broke off before its end. Ask again to get a whole one."),
    "upstream_error": ErrorSpec("Gemini had a fault while answering. Try again.", retry=True),
    "history_refused": ErrorSpec(
        "Gemini could not go on from the earlier answers of this conversation. Ask again, or "
        "start a new conversation."
    ),
    "unreachable": ErrorSpec(
        "This server cannot reach Gemini at the moment. Try again shortly.", retry=True
    ),
    "internal": ErrorSpec(
        "Something went wrong on this server. Try again, or ask its administrator."
    ),
}

MESSAGES = {code: spec.message for code, spec in ERRORS.items()}


class GeminiError(AppError):
    """A failed call to Gemini in our own words.

    A run can fail for reasons of ours as well: ``agents.core.errors.RunError`` is a subclass, so
    that whoever runs agents catches one family.

    Args:
        code: a key of ``specs``.
        message: replaces the code's own where more can be said; safe to show. ``{files}`` in it
            stands for the names of the files it is about; see ``name_files``.
        retry_after_s: how long Google asks to wait, in seconds, if it does.
        try_model: a model, by its name in the catalogue, that may do where this one did not.
        permanent: the same request fails again, whatever the code says.
        file_hints: what is known of the files it is about: kinds, MIME types, ids.

    Attributes:
        files: ids of files that Google cannot use.
    """

    specs: ClassVar[Mapping[str, ErrorSpec]] = ERRORS

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        retry_after_s: float | None = None,
        try_model: str = "",
        permanent: bool = False,
        file_hints: Collection[str] = (),
    ) -> None:
        self.spec = self.specs[code]
        self._template = message or self.spec.message
        super().__init__(code, "", status=self.spec.status, retry_after_s=retry_after_s)
        self.name_files(())
        self.files: tuple[str, ...] = ()
        self.try_model = try_model
        self.permanent = permanent
        self.file_hints = frozenset(file_hints)

    def __str__(self) -> str:
        """The code alone: a message can hold the names of the user's files, which no log may."""
        return self.code

    def name_files(self, names: Collection[str]) -> None:
        """Name the files it is about in the message."""
        shown = ", ".join(f"“{name}”" for name in list(names)[:3])
        shown += " and others" if len(names) > 3 else ""
        # Replaced, not formatted: names of files are the user's, and may hold braces.
        self.message = self._template.replace("{files}", shown or "a file")

    @property
    def retryable(self) -> bool:
        return self.spec.retry and not self.permanent

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
        if self.spec.help_url:
            advice["help"] = self.spec.help_url
        if self.files:
            advice["files"] = list(self.files)
        return advice
