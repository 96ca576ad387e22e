"""What runs can look like with files: read, edited, gone, and a history that does not fit."""

from __future__ import annotations

from agents.core.context import Limits
from gemini.errors import GeminiError
from gemini.outputs import Media
from tests.core.runs import PIXEL, Kind
from tests.core.scripted import ScriptedModel, chunk, text
from tests.core.team import Event, Shelf, as_inline, ask, asks, attached, events_of, said


async def _read(
    mime_type: str, name: str, reply: str, prompt: str = "What is this?"
) -> list[Event]:
    file = Media(b"file", mime_type, name)
    answer = ask(
        ScriptedModel(said(reply)), prompt, shelf=Shelf(file), attachments=[attached(file)]
    )
    return await events_of(answer)


async def image_read() -> list[Event]:
    return await _read("image/png", "dot.png", "A red dot.")


async def pdf_read() -> list[Event]:
    return await _read("application/pdf", "contract.pdf", "A contract.")


async def text_file_read() -> list[Event]:
    return await _read("text/plain", "notes.txt", "Your notes.")


async def audio_read() -> list[Event]:
    return await _read("audio/mpeg", "song.mp3", "A song 🎶.")


async def video_read() -> list[Event]:
    return await _read("video/mp4", "film.mp4", "A film.")


async def image_edited() -> list[Event]:
    photo = Media(PIXEL, "image/png", "dot.png")
    reply = [chunk(text("Now it is blue:")), *asks(as_inline("image/png", PIXEL))]
    answer = ask(
        *(ScriptedModel(reply), "make it blue"),
        agent="media",
        shelf=Shelf(photo),
        attachments=[attached(photo)],
        output="image",
    )
    return await events_of(answer)


async def file_gone() -> list[Event]:
    """Google lost the file: it is brought anew, and nobody has to hear of it."""
    film = Media(b"film", "application/pdf", "contract.pdf")
    model = ScriptedModel([GeminiError("file_gone")], said("It is a contract."))
    answer = ask(model, "What is this?", shelf=Shelf(film), attachments=[attached(film)])
    return await events_of(answer)


async def file_gone_twice() -> list[Event]:
    film = Media(b"film", "application/pdf", "contract.pdf")
    model = ScriptedModel([GeminiError("file_gone")], [GeminiError("file_gone")])
    answer = ask(model, "What is this?", shelf=Shelf(film), attachments=[attached(film)])
    return await events_of(answer)


async def history_left_out() -> list[Event]:
    history = [
        (
            {"role": "user", "parts": [{"text": f"Question {number}"}]},
            {"role": "model", "parts": [{"text": "Answer. " * 20}]},
        )
        for number in range(5)
    ]
    limits = Limits(history_tokens=150)
    return await events_of(ask(ScriptedModel(said("Well.")), history=history, limits=limits))


WITH_FILES: list[Kind] = [
    *(image_read, pdf_read, text_file_read, audio_read, video_read, image_edited),
    *(file_gone, file_gone_twice, history_left_out),
]
