"""What can be asked of a picture and of speech beside the words, and what a model takes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gemini.known_models import IMAGE
from gemini.model_info import ModelInfo

USUAL_SIZE = "1K"  # where none is asked for; ai.google.dev/gemini-api/docs/image-generation
STYLE_CHARS = 500
ALL_RATIOS = tuple(dict.fromkeys(r for m in IMAGE if m.pictures for r in m.pictures.ratios))
ALL_SIZES = tuple(dict.fromkeys(s for m in IMAGE if m.pictures for s in m.pictures.sizes))


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """How a picture is to be made; what is empty is left to the model.

    Args:
        ratio: of width to height, such as ``16:9``.
        size: such as ``2K``.
    """

    ratio: str = ""
    size: str = ""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One of two voices in a dialogue.

    Args:
        name: as it stands before the speaker's lines; empty: the next one who speaks in the text.
    """

    voice: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How a text is to be read aloud.

    Args:
        speakers: two of a dialogue, or none.
        style: how it is to sound, in words.
    """

    speakers: tuple[Speaker, ...] = ()
    style: str = ""


def default_size(model: ModelInfo) -> str:
    """The size of a picture where none is asked for; empty where the sizes are not known."""
    sizes = tuple(model.pictures.sizes) if model.pictures else ()
    return USUAL_SIZE if USUAL_SIZE in sizes else "".join(sizes[:1])


def picture_options_for(
    model: ModelInfo, chosen: PictureOptions, understood: Mapping[str, str]
) -> PictureOptions:
    """What to ask of ``model``: what the user chose, else what was understood from the words.

    What the model does not take is left out.

    Args:
        understood: ``aspect_ratio`` and ``image_size``, as another model gave them.
    """
    if model.pictures is None:
        return PictureOptions()
    ratios, sizes = model.pictures.ratios, model.pictures.sizes
    return PictureOptions(
        _first_of((chosen.ratio, understood.get("aspect_ratio", "")), ratios),
        _first_of((chosen.size, understood.get("image_size", "").upper()), sizes),
    )


def picture_refusal(model: ModelInfo, chosen: PictureOptions) -> str:
    """A sentence if ``model`` does not make pictures like this; empty if it does."""
    ratios = model.pictures.ratios if model.pictures else ()
    sizes = tuple(model.pictures.sizes) if model.pictures else ()
    for what, wanted, taken in (("ratio", chosen.ratio, ratios), ("size", chosen.size, sizes)):
        if wanted and not taken:
            return f"It is not known which {what}s {model.label} takes. Leave the {what} open."
        if wanted and wanted not in taken:
            known = f"Choose one of {', '.join(taken)}, or leave it open."
            return f"{model.label} makes no pictures of this {what}. {known}"
    return ""


def references_refusal(model: ModelInfo, count: int) -> str:
    """A sentence if so many pictures are more than ``model`` follows; empty if they are not."""
    most = model.pictures.references if model.pictures else count
    if count <= most:
        return ""
    return f"{model.label} follows at most {most} pictures, and here are {count}. Send fewer."


def speech_refusal(model: ModelInfo, chosen: SpeechOptions) -> str:
    """A sentence if ``model`` cannot speak like this; empty if it can."""
    speech = model.speech
    if not chosen.speakers:
        return ""
    if speech is None or speech.speakers < 2:
        return f"{model.label} speaks with one voice only. Choose no second one."
    if len(chosen.speakers) != speech.speakers:
        return f"A dialogue of {model.label} has exactly {speech.speakers} speakers."
    names = [speaker.name for speaker in chosen.speakers if speaker.name]
    if len(names) != len(set(names)):
        return "Two speakers need two names."
    return ""


def _first_of(wanted: Iterable[str], taken: Iterable[str]) -> str:
    known = set(taken)
    return next((one for one in wanted if one in known), "")
