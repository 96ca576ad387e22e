"""A link to a video, PDF or picture is a file of the message, unless it is left plain."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_looks import PHONE, sticks_out, violations
from tests.browser.visitor import Visitor

VIDEO = "https://www.youtube.com/watch?v=lCdaVNyHtjU"
PDF = "https://example.com/bees.pdf"


def files_of(body) -> list[dict]:
    parts = [part for content in body["contents"] for part in content["parts"]]
    return [part for part in parts if "fileData" in part]


def test_a_linked_video_is_watched_from_where_the_link_says(page: Visitor):
    page.message.fill("What is https://youtu.be/lCdaVNyHtjU?t=90 about?")
    linked = page.page.get_by_role("list", name="Linked files")
    expect(linked).to_contain_text("Google will watch it")
    expect(linked.get_by_role("textbox", name="From")).to_have_value("1:30")
    linked.get_by_role("textbox", name="To").fill("2:00")
    page.press("Send")
    turn = page.wait()
    part = turn.get_by_role("link", name=re.compile("YouTube video lCdaVNyHtjU"))
    expect(part).to_contain_text("1:30 to 2:00")
    expect(part).to_have_attribute("href", VIDEO)
    expect(turn).to_contain_text("from second 90 to 120, which was not fetched")
    expect(linked).to_have_count(0)

    page.reload()
    expect(part).to_contain_text("1:30 to 2:00")
    page.ask_and_wait("And then?")
    wanted = {
        "fileData": {"fileUri": VIDEO, "mimeType": "video/mp4"},
        "videoMetadata": {"startOffset": "90s", "endOffset": "120s"},
    }
    assert [files_of(body) for body in page.asked()] == [[wanted], [wanted]]


def test_a_link_can_be_left_plain(page: Visitor):
    page.message.fill(f"Compare {VIDEO} with {PDF}")
    linked = page.page.get_by_role("list", name="Linked files").get_by_role("listitem")
    expect(linked).to_have_count(2)
    page.press("Leave YouTube video lCdaVNyHtjU a plain link")
    expect(linked).to_have_count(1)
    page.press("Send")
    page.wait()
    [asked, *_] = page.asked()
    assert [part["fileData"]["fileUri"] for part in files_of(asked)] == [PDF]


def test_what_google_cannot_fetch_is_named_and_left_out_next_time(page: Visitor):
    turn = page.ask_and_wait("Read https://example.com/unreachable/bees.pdf")
    expect(turn).to_contain_text("Google cannot fetch “bees.pdf”.")
    expect(turn).to_contain_text("Google cannot use this file")
    turn = page.ask_and_wait("And now?")
    expect(turn.locator(".answer")).to_contain_text("And now?")
    assert files_of(page.asked()[-1]) == []


@pytest.mark.parametrize("options", [{}, PHONE], ids=["wide", "phone"])
def test_it_is_accessible_and_fits(visit, alice, options):
    page = visit(alice, **options)
    page.message.fill(f"Compare {VIDEO} with {PDF}")
    expect(page.page.get_by_role("list", name="Linked files")).to_be_visible()
    assert violations(page) == []
    assert sticks_out(page) == []
