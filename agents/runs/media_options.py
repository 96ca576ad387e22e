"""What a user asks of pictures and of speech, checked against the models of the key in use."""

from __future__ import annotations

from common.errors import AppError
from common.keylike import IN_A_MESSAGE, refuse_key
from gemini.catalogue import ModelList
from gemini.media_options import PictureOptions, SpeechOptions, picture_refusal, speech_refusal


def check_media(models: ModelList, picture: PictureOptions, speech: SpeechOptions) -> None:
    """Refuse what the model that would answer does not take.

    A key without such a model is not looked at here: whether one is needed shows in the run.

    Raises:
        AppError: ``unsupported_option``, with a sentence that names what the model takes.
    """
    draws, speaks = models.best("image"), models.best("speech")
    refusal = picture_refusal(draws, picture) if draws else ""
    refusal = refusal or (speech_refusal(speaks, speech) if speaks else "")
    if refusal:
        raise AppError("unsupported_option", refusal)


def refuse_keys_in_speech(speech: SpeechOptions) -> None:
    """Raises ``AppError`` for a style or a name that looks like a key: both go to Google."""
    for text in (speech.style, *(speaker.name for speaker in speech.speakers)):
        refuse_key(text, message=IN_A_MESSAGE)
