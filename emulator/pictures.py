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
from dataclasses import dataclass
from typing import Any

from emulator import media, prose, signatures
from emulator.attachments import Attachment
from emulator.calls import Call
from emulator.catalogue import Model
from emulator.directives import Directives, Message

Part = dict[str, Any]

RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
SIZES = {"512": 512, "1K": 1024, "2K": 2048, "4K": 4096}
MAX_REFERENCES = 14  # of models since Gemini 3: ai.google.dev, "Image generation"
USUAL_SIDE = 256  # where no size is asked for: small, for the sake of tests
_PRO_TOKENS = {"512": 1120, "1K": 1120, "2K": 1120, "4K": 2000}
_FLASH_TOKENS = {"512": 747, "1K": 1120, "2K": 1680, "4K": 2520}
# Prices per picture, 0.0336 to 0.1134 US dollars at 30 per million (inference.sh, 2026-11-06).
_BANANA_TOKENS = {"1K": 1120, "2K": 1680, "4K": 3780}
_TALL = ("1:4", "4:1", "1:8", "8:1")
_WITH_TALL = ("3.1-flash-image", "nano-banana-2.1")
_RATIO = re.compile(r"(\d{1,2}):(\d{1,2})")


@dataclass(frozen=True)
class _Plan:
    """What is to be painted."""

    said: str
    width: int
    height: int
    given: Attachment | None  # the picture to change
    signed: bool

    @property
    def name(self) -> str:
        """The same for the same plan: the tag of a signed picture and what its signature signs."""
        given = hashlib.sha256(self.given.data or b"").hexdigest() if self.given else ""
        plan = f"{self.said} {self.width} {self.height} {given}"
        return hashlib.sha256(plan.encode()).hexdigest()[:24]


def ratios_of(model_id: str) -> tuple[str, ...]:
    return RATIOS + (_TALL if any(name in model_id for name in _WITH_TALL) else ())


def sizes_of(model: Model) -> frozenset[str]:
    """The sizes a model draws. 512 is of Nano Banana 2 alone: tanstack/ai, release of 2026-10-07,
    and docs.laozhang.ai/en/api-capabilities/nano-banana-2-1-image; no size before Gemini 3. The
    Lite model draws 1K alone: ai.google.dev/gemini-api/docs/models/gemini-3.1-flash-lite-image.
    """
    if not model.is_gemini_3:
        return frozenset()
    if "lite" in model.id:
        return frozenset({"1K"})
    return frozenset(SIZES) - (frozenset() if "3.1-flash-image" in model.id else {"512"})


def tokens_of(call: Call) -> int:
    """What Google counts for a picture: 1,290 before Gemini 3, by size since (its price list)."""
    if not call.model.is_gemini_3:
        return 1290
    by_size = _PRO_TOKENS if "pro" in call.model.id else _FLASH_TOKENS
    if "nano-banana" in call.model.id:
        by_size = _BANANA_TOKENS
    return by_size[str(_image_config(call).get("imageSize") or "1K")]


def references_in(call: Call) -> int:
    """How many pictures a request holds."""
    files = (file for content in call.contents for file in call.files_in(content))
    return sum(file.mime_type.startswith("image/") for file in files)


def parts(
    call: Call, message: Message, directives: Directives, rng: random.Random
) -> Iterator[Part]:
    """A sentence (unless only the picture is wanted) and the picture.

    Gemini 3 signs the first part and the picture. With thoughts the Pro model shows an interim
    picture before, as a thought; ``/emulate thoughtimage`` lets any do so.
    """
    plan = _plan(call, message)
    thinking = call.include_thoughts and "pro-image" in call.model.id
    if thinking or "thoughtimage" in directives:
        sketch = media.drawn(f"a sketch of {plan.said}", USUAL_SIDE // 2, USUAL_SIDE // 2)
        yield _inline(sketch) | {"thought": True}
    if call.modalities != {"IMAGE"}:
        for number, piece in enumerate(prose.chunks(_sentence(plan), rng)):
            first = plan.signed and number == 0
            yield {"text": piece} | (_signed(f"{plan.name} text") if first else {})
    yield _inline(_painted(plan)) | (_signed(plan.name) if plan.signed else {})


def unsigned_image(call: Call) -> tuple[int, int] | None:
    """Where a signed picture of this emulator's came back without its signature, if anywhere.

    Both positions count from one, as Google's sentence does.
    """
    for index, content in enumerate(call.contents):
        if content.get("role") != "model":
            continue
        for number, part in enumerate(content["parts"]):
            data = signatures.decoded(str((part.get("inlineData") or {}).get("data", "")))
            tag = media.tag_of(data) if data else ""
            given = str(part.get("thoughtSignature", ""))
            if tag and not signatures.same(given, signatures.signature(tag)):
                return index + 1, number + 1
    return None


def _plan(call: Call, message: Message) -> _Plan:
    given = _given(call)
    size = (given.facts.width, given.facts.height) if given and given.facts.width else (0, 0)
    config = _image_config(call)
    ratio, side = str(config.get("aspectRatio", "")), SIZES.get(str(config.get("imageSize")), 0)
    width, height = _shape(ratio, side, size)
    return _Plan(message.said, width, height, given, call.model.is_gemini_3)


def _given(call: Call) -> Attachment | None:
    """The picture to change: the last of the question's, else the last before it."""
    for content in reversed(call.contents[: call.question_index + 1]):
        pictures = [file for file in call.files_in(content) if file.mime_type.startswith("image/")]
        if pictures:
            return pictures[-1]
    return None


def _painted(plan: _Plan) -> bytes:
    tag = plan.name if plan.signed else ""
    picture = media.decoded(plan.given.data) if plan.given and plan.given.data else None
    if picture is None:
        return media.drawn(plan.said, plan.width, plan.height, tag=tag)
    return media.edited(picture, plan.said, plan.width, plan.height, tag=tag)


def _sentence(plan: _Plan) -> str:
    about = ", ".join(prose.keywords(plan.said, 3))
    size = f"{plan.width} x {plan.height}"
    if plan.given is None:
        return f"A {size} picture with colours chosen by: {about}. {prose.HONEST}\n\n"
    came = f"I was given {plan.given.described()}."
    return f"{came} Here it is changed, {size}, for: {about}. {prose.HONEST}\n\n"


def _shape(ratio: str, side: int, given: tuple[int, int]) -> tuple[int, int]:
    """Width and height: of the ratio asked for, else of what was given, else a square."""
    found = _RATIO.fullmatch(ratio)
    if found and int(found[1]) and int(found[2]):
        wide, high = int(found[1]), int(found[2])
    elif given[0] and given[1]:
        wide, high = given
    else:
        wide = high = 1
    longest = side or min(max(given), 1024) or USUAL_SIDE
    if wide >= high:
        return longest, max(1, longest * high // wide)
    return max(1, longest * wide // high), longest


def _image_config(call: Call) -> dict[str, Any]:
    config = call.config.get("imageConfig")
    return config if isinstance(config, dict) else {}


def _signed(subject: str) -> Part:
    return {"thoughtSignature": signatures.signature(subject)}


def _inline(data: bytes) -> Part:
    return {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(data).decode()}}
