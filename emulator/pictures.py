"""The answers of image models: a new picture, or a changed one where one was given.

Source: the recording ``image-output--js-genai--*`` for the frames; ai.google.dev, "Image
generation" and "Thought signatures" for sizes, interim pictures and signatures of Gemini 3.
"""

from __future__ import annotations

import base64
import hashlib
import random
import re
from collections.abc import Iterator
from itertools import chain
from typing import Any

from emulator import media, prose, signatures
from emulator.attachments import Attachment
from emulator.calls import Call

Part = dict[str, Any]

SIDES = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}  # the longer side, in pixels
USUAL_SIDE = 256  # where no size is asked for: small, for the sake of tests
_TOKENS_BEFORE_3 = 1290
_RATIO = re.compile(r"(\d{1,2}):(\d{1,2})")


def tokens_of(call: Call) -> int:
    """What Google counts for a picture: by its size since Gemini 3."""
    size = (call.config.get("imageConfig") or {}).get("imageSize") or "1K"
    return call.model.image_tokens.get(size, _TOKENS_BEFORE_3)


def parts(call: Call, rng: random.Random) -> Iterator[Part]:
    """A sentence (unless only the picture is wanted) and the picture.

    Gemini 3 signs the first part and the picture. With thoughts the Pro model shows an interim
    picture before, as a thought; ``/emulate thoughtimage`` lets any do so.
    """
    text, given = call.message.text, _given(call)
    size = _size(call.config.get("imageConfig") or {}, given)
    # The same for the same picture: its tag, and what its signature signs.
    subject = f"{text} {size} {hashlib.sha256((given and given.data) or b'').hexdigest()}"
    name = hashlib.sha256(subject.encode()).hexdigest()[:24] if call.model.is_gemini_3 else ""
    thinking = call.include_thoughts and "pro-image" in call.model.id
    if thinking or "thoughtimage" in call.directives:
        side = USUAL_SIDE // 2
        yield inline_png(media.drawn(f"a sketch of {text}", side, side)) | {"thought": True}
    if call.modalities != {"IMAGE"}:
        sentence = _sentence(text, size, given)
        for number, piece in enumerate(prose.chunks(sentence, rng)):
            yield {"text": piece} | _signed(f"{name} text" if name and number == 0 else "")
    yield inline_png(_picture(text, size, given, name)) | _signed(name)


def inline_png(data: bytes) -> Part:
    """The part of a PNG."""
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}}


def _signed(subject: str) -> Part:
    return {"thoughtSignature": signatures.signature(subject)} if subject else {}


def _given(call: Call) -> Attachment | None:
    """The picture to change: the last of the message's, else the last before it."""
    files = chain(*call.files[: call.turn_start + 1])
    pictures = [file for file in files if file.modality == "IMAGE"]
    return pictures[-1] if pictures else None


def _picture(text: str, size: tuple[int, int], given: Attachment | None, tag: str) -> bytes:
    source = media.decoded(given.data) if given and given.data else None
    if source is None:
        return media.drawn(text, *size, tag=tag)
    return media.edited(source, text, *size, tag=tag)


def _sentence(text: str, size: tuple[int, int], given: Attachment | None) -> str:
    about = ", ".join(prose.keywords(text, 3))
    pixels = f"{size[0]} x {size[1]}"
    if given is None:
        return f"A {pixels} picture with colours chosen by: {about}. {prose.HONEST}\n\n"
    changed = f"Here it is changed, {pixels}, for: {about}."
    return f"I was given {given}. {changed} {prose.HONEST}\n\n"


def _size(config: dict[str, Any], given: Attachment | None) -> tuple[int, int]:
    """Width and height: of the ratio asked for, else of what was given, else a square."""
    ratio = _RATIO.fullmatch(str(config.get("aspectRatio", "")))
    original = given.pixels if given else (0, 0)
    wide, high = (int(ratio[1]), int(ratio[2])) if ratio else original
    if not (wide and high):
        wide = high = 1
    side = SIDES.get(str(config.get("imageSize")), 0)
    longest = side or min(max(original), 1024) or USUAL_SIDE
    if wide >= high:
        return longest, max(1, longest * high // wide)
    return max(1, longest * wide // high), longest
