"""What ends a run, or an agent's work, for a reason of ours: more codes of the same family.

the user     signed_out user_inactive user_deleted
the request  no_video limit_reached
our side     storage_full interrupted
"""

from __future__ import annotations

from typing import ClassVar

from gemini.errors import ERRORS, ErrorSpec, GeminiError

RUN_ERRORS = {
    "signed_out": ErrorSpec(
        "The sign-in that asked for this answer has ended. Sign in, and ask again.", status=401
    ),
    "user_inactive": ErrorSpec(
        "This account was switched off while answering. Ask its administrator.", status=403
    ),
    "user_deleted": ErrorSpec("This account was deleted while answering.", status=403),
    "storage_full": ErrorSpec(
        "There is no room left for what was made. Delete files you no longer need.", status=507
    ),
    "no_video": ErrorSpec(
        "This server cannot make videos yet: they need another interface of Google's, which comes "
        "later. Ask for a picture, or for the script of a video.",
        status=400,
    ),
    "limit_reached": ErrorSpec(
        "This answer reached the limit of model calls for one question.", status=429
    ),
    "interrupted": ErrorSpec(
        "The server stopped while answering. What was said is kept; ask again.", status=503
    ),
}


class RunError(GeminiError):
    """A failed run or agent; ``code`` is one of ``RUN_ERRORS`` or of Gemini's ``ERRORS``."""

    specs: ClassVar = {**ERRORS, **RUN_ERRORS}
