"""What can go wrong between a question and its answer.

    AgentError            one class; its ``code`` says what happened, its sentence what to do next
      invalid_key         key_blocked    quota        the key
      budget              key_deleted    key_inactive
      key_expired         key_replaced   loan_ended        model_not_lent
      signed_out          user_inactive  user_deleted      the user
      model_gone          overloaded     timeout      the model
      blocked             too_long       no_image     the question
      no_video            file_gone      storage_full the files
      bad_request         truncated      upstream_error
      unreachable         limit_reached  interrupted    internal     our side

The words of another party never become ours: Google's error text can contain the user's key.
"""

from __future__ import annotations

from typing import Any

SENTENCES = {
    "invalid_key": "Google does not accept this key. Check it, or choose another one under Keys.",
    "key_blocked": (
        "Google refuses this key: it is blocked, or its project may not use the Gemini API. "
        "Look at the key in Google AI Studio, or choose another one under Keys."
    ),
    "quota": "This key's quota at Google is used up. Wait, or choose another key under Keys.",
    "budget": "This key's budget is used up. Wait, raise it, or choose another key under Keys.",
    "key_deleted": "This key was deleted. Choose another one under Keys.",
    "key_inactive": "This key was switched off. Choose another one under Keys.",
    "key_expired": "This key is past its expiry date. Choose another one under Keys.",
    "key_replaced": "Another key was put in the place of this one while answering. Ask again.",
    "loan_ended": "This key is not lent to you any more. Choose another one under Keys.",
    "model_not_lent": "This key is lent to you for other models. Choose another model or key.",
    "signed_out": "The sign-in that asked for this answer has ended. Sign in, and ask again.",
    "user_inactive": "This account was switched off while answering. Ask its administrator.",
    "user_deleted": "This account was deleted while answering.",
    "model_gone": "Google does not offer this model any more. Choose another model.",
    "overloaded": "The model is overloaded. Try again shortly, or choose another one.",
    "timeout": "Gemini did not answer in time. Try again.",
    "blocked": "Gemini's safety rules stopped this answer. Put the question differently.",
    "too_long": "This conversation is longer than the model can read. Start a new conversation.",
    "no_image": "The model made no picture from this. Describe the picture differently.",
    "no_video": (
        "This server cannot make videos: the library of Google's that it uses makes none with an "
        "API key. Ask for a picture, or for the script of a video."
    ),
    "file_gone": "A file of this conversation is not at Google any more. Ask again to send it.",
    "storage_full": "There is no room left for what was made. Delete files you no longer need.",
    "bad_request": "Gemini could not use this request. Put it differently, or change the model.",
    "truncated": "The answer broke off before its end. Ask again to get a whole one.",
    "upstream_error": "Gemini had a fault while answering. Try again.",
    "unreachable": "This server cannot reach Gemini at the moment. Try again shortly.",
    "limit_reached": "This answer reached the limit of model calls for one question.",
    "interrupted": "The server stopped while answering. What was said is kept; ask again.",
    "internal": "Something went wrong on this server. Try again, or ask its administrator.",
}

RETRYABLE = frozenset(
    {"quota", "overloaded", "timeout", "upstream_error", "unreachable", "file_gone"}
)


class AgentError(Exception):
    """A failed model call or run, in our own words.

    Args:
        code: a key of ``SENTENCES``.
        message: replaces the code's sentence where more can be said; safe to show.
        retry_after_s: what Google asked to wait, in seconds, if it said so.
        try_model: a model, by its name in the catalogue, that may do where this one did not.
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        retry_after_s: float | None = None,
        try_model: str = "",
    ) -> None:
        self.code = code
        self.message = message or SENTENCES[code]
        self.retry_after_s = retry_after_s
        self.try_model = try_model
        super().__init__(code)

    @property
    def advice(self) -> dict[str, Any]:
        """What a program can do next: ``{"retryAfter"?: seconds, "tryModel"?: name}``."""
        advice: dict[str, Any] = {}
        if self.retry_after_s is not None:
            advice["retryAfter"] = self.retry_after_s
        if self.try_model:
            advice["tryModel"] = self.try_model
        return advice

    @property
    def retryable(self) -> bool:
        return self.code in RETRYABLE
