"""The page Settings: what every conversation begins with, and all files."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from emulator.media import drawn
from tests.browser.visitor import Visitor


def test_settings_are_kept_and_every_new_conversation_begins_with_them(page: Visitor):
    page.open("/#/settings")
    page.choose("Usual model", "Gemini 3 Pro (preview, needs billing)")
    page.page.get_by_role("checkbox", name="Search").uncheck()
    page.choose("Thinking", "Low")
    page.choose("Voice", "Puck, upbeat")
    expect(page.page.get_by_text("Saved.")).to_be_visible()
    page.reload()

    me = page.person.get("me/")
    assert (me["ai_model"], me["tools"], me["thinking"], me["voice"]) == (
        "gemini-3-pro", ["code", "url"], "low", "Puck",
    )  # fmt: skip
    expect(page.page.get_by_role("checkbox", name="Search")).not_to_be_checked()
    page.page.get_by_role("link", name="New conversation").click()
    page.ask_and_wait("Hello", who="Text agent")
    [request] = page.asked("text")
    assert {name for each in request["tools"] for name in each} == {"codeExecution", "urlContext"}
    assert request["generationConfig"]["thinkingConfig"]["thinkingLevel"].lower() == "low"


def test_limit_above_which_it_asks_is_kept(page: Visitor):
    page.open("/#/settings")
    limit = page.page.get_by_role("spinbutton", name=re.compile("^Ask me before"))
    expect(limit).to_have_value("50000")
    limit.fill("1200")
    page.press("Save")
    expect(page.page.get_by_text("Saved.")).to_be_visible()
    assert page.person.get("me/")["warn_above_tokens"] == 1200

    limit.fill("")
    page.press("Save")
    expect(page.page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(limit).to_have_value("")


def test_files_are_listed_with_the_room_they_take_and_can_be_deleted(alice, visit):
    data = drawn("a sunset", 96, 64)
    for name in ("one.png", "two.png"):
        assert alice.rest("POST", "files/", files={"file": (name, data)}).status_code == 201
    page = visit(alice)
    page.open("/#/settings")
    room = page.page.get_by_role("meter", name="Room taken by your files")
    files = page.page.get_by_role("region", name="Files").get_by_role("listitem")
    expect(files).to_have_count(2)
    before = float(room.get_attribute("value") or 0)
    assert before == alice.get("files/")["used_bytes"] > 0

    page.press("Delete one.png")
    page.press("Delete file", page.page.get_by_role("dialog"))

    expect(files).to_have_count(1)
    expect(files).to_contain_text("two.png")
    expect(room).to_have_attribute("value", str(int(before / 2)))
    assert [file["name"] for file in alice.get("files/")["results"]] == ["two.png"]
