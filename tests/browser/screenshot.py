"""The picture of the README: two agents at work, with a picture, sources and side by side.

    .venv/bin/python -m tests.browser.screenshot

The page has to be built. It is a test helper: run by hand when the page has changed its looks.
"""

from __future__ import annotations

import base64
import io
import os
import shutil
import tempfile
from pathlib import Path

import django
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, expect, sync_playwright

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()  # people and their factories are models

from emulator.testing import Emulator, running  # noqa: E402
from tests.browser.conftest import NAMES, WINDOW, signed_in  # noqa: E402
from tests.browser.saying import frame, grounded, say, script  # noqa: E402
from tests.browser.visitor import Visitor  # noqa: E402
from tests.e2e.server import ROOT, ChatServer, Person, Place  # noqa: E402
from tests.people import PASSWORD  # noqa: E402

PICTURE = ROOT / "docs/img/chat.png"
COLOURS = 200
MOST_BYTES = 250_000

QUESTION = "Write a few words on the newest lighthouses and paint one at dusk"
LEAD = "Lighthouses never went away. "
CITED = "The newest stand far out at sea and are looked after from an office on land"
TEXT = (
    f"{LEAD}{CITED}. Ships have satellites now; their crews still look up.\n\n"
    "- **Lamps**: LEDs as bright as the old lenses\n"
    "- **Keepers**: cameras, and a boat twice a year\n"
    "- **Beams**: slower again, for the birds"
)
SOURCES = [
    ("https://example.com/lighthouses-at-sea", "Lights far out at sea"),
    ("https://example.org/keepers", "The last keepers"),
]
EARLIER = ("Plan a week on the coast", "Why is the sea salty?", "A poem about rain, read aloud")


def main() -> None:
    path = next(filter(None, map(shutil.which, NAMES)))
    with running() as emulator, tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        server = served(emulator, Path(folder))
        browser = play.chromium.launch(executable_path=path)
        PICTURE.write_bytes(small(taken(server, browser)))
        browser.close()
        server.stop()


def served(emulator: Emulator, folder: Path) -> ChatServer:
    place = Place.new(folder)
    place.manage(emulator, "migrate", "-v", "0").check_returncode()
    server = ChatServer("uvicorn", place, emulator)
    server.start()
    return server


def taken(server: ChatServer, browser: Browser) -> bytes:
    """The page while the text agent still writes and the picture is there, as a PNG."""
    named = {"username": "alex", "password": PASSWORD}
    person = Person(server, "alex", **server.http.post("/api/register/", json=named).json())
    person.add_key()
    for words in EARLIER:
        say(person, words, agent="direct")
    rehearse(person)
    context = browser.new_context(
        viewport=WINDOW, locale="en-GB", color_scheme="light", storage_state=signed_in(person)
    )
    page = Visitor(person, context)
    page.open()
    page.ask(QUESTION)
    expect(page.agent("Media agent").get_by_role("img").last).to_be_visible()
    page.wait()
    page.page.mouse.move(0, 0)
    return page.page.screenshot()


def rehearse(person: Person) -> None:
    """What the team says: real words, where the emulator's own would talk of itself."""
    answer = grounded(TEXT, SOURCES)
    said = answer["candidates"][0]["groundingMetadata"]
    start = len(LEAD.encode())
    segment = {"startIndex": start, "endIndex": start + len(CITED.encode()), "text": CITED}
    said["groundingSupports"][0]["segment"] = segment
    task = {"task": "Write about the newest lighthouses.", "reason": "This needs longer writing."}
    paint = {"task": "A lighthouse at dusk", "reason": "A picture is asked for.", "output": "image"}
    sentence = {"text": "A lighthouse at dusk, its beam just lit."}
    data = {"mimeType": "image/png", "data": base64.b64encode(lighthouse()).decode()}
    calls = [
        {"name": "ask_text_agent", "args": task},
        {"name": "ask_media_agent", "args": paint},
    ]
    script(person, {"calls": calls}, agent="coordinator")
    script(person, {"frames": [answer]}, agent="text")
    script(person, {"frames": [frame(sentence, {"inlineData": data})]}, agent="media")
    script(person, {"texts": "Both are ready: the words, and the light at dusk."}, agent="join")


def lighthouse(width: int = 640, height: int = 420) -> bytes:
    """A lighthouse at dusk, as a PNG."""
    picture = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(picture, "RGBA")
    for y in range(height):
        share = min(1.0, y / (height * 0.72))
        red, green, blue = (
            round(a + (b - a) * share) for a, b in zip((38, 48, 98), (246, 170, 120), strict=True)
        )
        draw.line((0, y, width, y), (red, green, blue))
    for spread, strength in ((60, 40), (38, 60), (20, 90)):
        draw.polygon(((452, 118), (0, 130 - spread), (0, 130 + spread)), (255, 236, 170, strength))
    draw.rectangle((0, 302, width, height), (30, 58, 92))
    for y in range(312, height, 16):
        draw.line((y * 37 % 300, y, y * 37 % 300 + 240, y), (246, 170, 120, 70), 2)
    draw.ellipse((330, 270, 720, 460), (28, 32, 46))
    for number in range(6):
        top, slope = 140 + number * 26, number * 4
        colour = (250, 246, 240) if number % 2 else (190, 52, 48)
        wide = (432 - slope, top, 472 + slope, top + 26)
        draw.polygon(
            ((wide[0], top), (wide[2], top), (wide[2] + 4, wide[3]), (wide[0] - 4, wide[3])), colour
        )
    draw.rectangle((426, 132, 478, 140), (28, 32, 46))
    draw.rectangle((438, 104, 466, 132), (255, 236, 170))
    draw.polygon(((432, 104), (472, 104), (452, 84)), (28, 32, 46))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def small(png: bytes) -> bytes:
    """The same picture in few colours.

    Raises:
        ValueError: it is still too large for a README.
    """
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    if out.tell() > MOST_BYTES:
        raise ValueError(f"{out.tell()} bytes are too many")
    return out.getvalue()


if __name__ == "__main__":
    main()
