"""Files on their way into a message, and what becomes of them."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import JSHandle, expect

from emulator.media import drawn
from tests.browser.reading import is_drawn
from tests.browser.visitor import Visitor
from tests.conversations.documents import docx, locked

PICTURE = {"name": "sunset.png", "mimeType": "image/png", "buffer": drawn("a sunset", 96, 64)}
NOTES = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"Bees dance."}

HELD = """
(file) => {
  const bytes = Uint8Array.from(atob(file.data), (letter) => letter.charCodeAt(0))
  const transfer = new DataTransfer()
  transfer.items.add(new File([bytes], file.name, { type: file.type }))
  return transfer
}
"""


def in_hand(page: Visitor, file) -> JSHandle:
    """A file as a browser hands it over when it is dropped or pasted."""
    data = base64.b64encode(file["buffer"]).decode()
    given = {"data": data, "name": file["name"], "type": file["mimeType"]}
    return page.page.evaluate_handle(HELD, given)


def pick(page: Visitor, *files) -> None:
    with page.page.expect_file_chooser() as chooser:
        page.press("Attach files")
    chooser.value.set_files(list(files))


def drop(page: Visitor, file) -> None:
    held = in_hand(page, file)
    somewhere = page.page.get_by_role("heading", name="What shall we work on?")
    somewhere.dispatch_event("dragenter", {"dataTransfer": held})
    expect(page.page.get_by_text("Drop files to attach them")).to_be_visible()
    somewhere.dispatch_event("drop", {"dataTransfer": held})
    expect(page.page.get_by_text("Drop files to attach them")).to_have_count(0)


def paste(page: Visitor, file) -> None:
    page.message.evaluate(
        """(field, clipboardData) => field.dispatchEvent(
          new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))""",
        in_hand(page, file),
    )


@pytest.mark.parametrize("hand_over", [pick, drop, paste])
def test_picture_is_attached(page: Visitor, hand_over):
    hand_over(page, PICTURE)

    chip = page.attached.get_by_role("listitem")
    expect(chip).to_contain_text("sunset.png")
    expect(chip.get_by_text("kB").or_(chip.get_by_text(" B"))).to_be_visible()
    assert is_drawn(chip.locator("img"))
    turn = page.ask_and_wait("What is in it?")
    expect(turn.locator(".answer")).to_contain_text("96 x 64")
    expect(page.attached).to_have_count(0)


def test_file_that_was_taken_off_is_not_sent_and_not_kept(page: Visitor):
    pick(page, NOTES, PICTURE)
    expect(page.attached.get_by_role("listitem")).to_have_count(2)
    expect(page.attached.get_by_role("progressbar")).to_have_count(0)
    with page.page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.press("Remove notes.txt")

    turn = page.ask_and_wait("What is in it?")

    expect(turn.locator(".answer")).to_contain_text("One file arrived")
    assert [file["name"] for file in page.person.get("files/")["results"]] == ["sunset.png"]


def test_message_shows_its_files_after_a_reload(page: Visitor):
    pick(page, PICTURE, NOTES)
    page.ask_and_wait("What are these?")
    page.reload()

    files = page.turns.last.get_by_role("list", name="Attached files")
    assert is_drawn(files.get_by_role("img", name="sunset.png"))
    with page.page.expect_download() as download:
        page.press("Download notes.txt", files)
    assert download.value.suggested_filename == "notes.txt"
    assert download.value.path().read_bytes() == NOTES["buffer"]


def test_picture_opens_large_and_closes_again(page: Visitor):
    pick(page, PICTURE)
    page.ask_and_wait("What is it?")
    page.press("Show sunset.png large")

    large = page.page.get_by_role("dialog", name="sunset.png")
    assert is_drawn(large.get_by_role("img"))
    page.page.keyboard.press("Escape")
    expect(large).to_have_count(0)


def test_message_says_that_its_file_was_deleted(page: Visitor):
    page.watch.expect("status of 404")
    pick(page, PICTURE)
    page.ask_and_wait("What is it?")
    [file] = page.person.get("files/")["results"]
    page.person.rest("DELETE", f"files/{file['id']}/")
    page.reload()

    expect(page.turns.last.get_by_text("This file was deleted (sunset.png)")).to_be_visible()


def test_file_of_a_kind_nobody_reads_is_refused_in_words(page: Visitor):
    page.watch.expect("status of 415")
    pick(page, {"name": "tool.exe", "mimeType": "", "buffer": b"MZ\x90\0" + b"\0" * 200})

    chip = page.attached.get_by_role("listitem")
    expect(chip).to_contain_text("tool.exe")
    expect(chip.locator(".wrong")).to_contain_text(".")
    expect(chip.get_by_role("button", name="Upload tool.exe again")).to_have_count(0)


def test_document_is_read_as_text_and_says_so(page: Visitor):
    pick(page, {"name": "letter.docx", "mimeType": "", "buffer": docx("Bees have five eyes.")})

    chip = page.attached.get_by_role("listitem")
    expect(chip).to_contain_text("Read as text, without its pictures and layout.")
    turn = page.ask_and_wait("What does it say?")
    expect(turn.get_by_text("Read as text, without its pictures and layout.")).to_be_visible()
    expect(turn.locator(".answer")).to_contain_text("Bees have five eyes.")


def test_locked_pdf_is_refused_with_what_to_do(page: Visitor):
    page.watch.expect("status of 400")
    pick(page, {"name": "contract.pdf", "mimeType": "application/pdf", "buffer": locked(user="x")})

    chip = page.attached.get_by_role("listitem")
    expect(chip.locator(".wrong")).to_contain_text("Save a copy without one, then send that.")
    expect(chip.get_by_role("button", name="Upload contract.pdf again")).to_have_count(0)


def test_empty_file_never_leaves_the_browser(page: Visitor):
    sent = []
    page.page.on("request", lambda request: sent.append(request.method + request.url))
    pick(page, {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""})

    expect(page.attached.get_by_role("listitem").locator(".wrong")).to_be_visible()
    assert [line for line in sent if line.endswith("/api/files/")] == []
