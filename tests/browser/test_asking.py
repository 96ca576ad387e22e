"""Asking, who answers, and what an answer is made of."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from emulator import google_tools
from emulator.directives import parse_message
from tests.browser.reading import cited_places, is_drawn
from tests.browser.visitor import Visitor

BOTH = "Write a short poem with the latest news of lighthouses and draw a picture of one"


def last_words(body) -> str:
    """What a request asks in the end, without directives."""
    texts = [part["text"] for part in body["contents"][-1]["parts"] if "text" in part]
    return parse_message(texts[-1]).text


def test_question_is_answered_and_gets_an_address(page: Visitor):
    turn = page.ask_and_wait("What are tides?")

    expect(turn).to_contain_text("What are tides?")
    expect(turn.locator(".answer")).to_contain_text("built-in emulator")
    expect(page.page).to_have_url(re.compile("#/t/"))
    expect(page.page.get_by_role("link", name="What are tides?")).to_be_visible()


def test_two_agents_work_side_by_side_with_a_picture_and_sources(page: Visitor):
    turn = page.ask_and_wait(BOTH)

    text, media = page.agent("Text agent"), page.agent("Media agent")
    left, right = (agent.evaluate("(it) => it.getBoundingClientRect()") for agent in (text, media))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    for agent in (text, media):
        expect(agent.get_by_text("Done", exact=True)).to_be_visible()
    assert is_drawn(media.get_by_role("img").last)
    expect(text.get_by_role("link", name="Source 3: example.net, example.net")).to_be_visible()
    expect(turn.locator(".answer")).to_contain_text("Here is what came back")


def test_markers_stand_behind_exactly_the_cited_words(page: Visitor):
    page.ask_and_wait("Möbelhäuser 🎉 in Straßencafés 👩‍👩‍👧: the latest news", who="Text agent")

    [request] = page.asked("text")
    cited = google_tools.findings(last_words(request))
    ends = [match.end() for match in re.finditer(r"[.!?](?= |$)", cited)]
    paragraph = page.turns.last.locator(".markdown p").filter(has=page.page.locator(".markers"))
    assert "möbelhäuser" in cited
    assert cited_places(paragraph) == [
        (cited[: ends[0]], ["1"]),
        (cited[: ends[1]], ["2", "3"]),
        (cited[: ends[2]], ["1", "2"]),
    ]


def test_sources_are_listed_and_lead_outside_in_another_tab(page: Visitor):
    turn = page.ask_and_wait("Search the latest news on lighthouses", who="Text agent")

    turn.get_by_text("3 sources").click()
    sources = turn.get_by_role("list").filter(has_text="example.com").get_by_role("link")
    expect(turn.get_by_text("Searched for:")).to_be_visible()
    expect(sources).to_have_text(["example.com", "example.org", "example.net"])
    expect(sources.last).to_have_attribute("href", "https://example.net/z%C3%BCrich/wetter")
    for link in sources.all():
        expect(link).to_have_attribute("target", "_blank")
        expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")


def test_pages_read_and_pages_that_could_not_be_read_are_told_apart(page: Visitor):
    turn = page.ask_and_wait(
        "Compare https://example.com/a and https://nowhere.invalid/b", who="Text agent"
    )

    turn.get_by_text("1 source, 1 page read, 1 page not read").click()
    expect(turn.get_by_text("Read in full:")).to_be_visible()
    sources = turn.locator("details").filter(has_text="1 page not read")
    expect(sources.get_by_role("link", name="https://nowhere.invalid/b")).to_be_visible()


def test_search_suggestions_stand_in_a_frame_of_their_own(page: Visitor):
    turn = page.ask_and_wait("Search the latest news on lighthouses", who="Text agent")

    frame = turn.get_by_title("Search suggestions by Google")
    expect(frame).to_have_attribute("sandbox", "allow-popups allow-popups-to-escape-sandbox")
    expect(frame).to_have_attribute("referrerpolicy", "no-referrer")
    expect(frame).to_have_attribute("src", re.compile(r"^/api/files/[0-9a-f-]{36}/\?"))
    chips = frame.content_frame.locator("a.chip")
    expect(chips.first).to_be_visible()
    expect(chips.first).to_have_attribute("href", re.compile("^https://www.google.com/search"))


def test_code_is_shown_with_how_it_ran_and_what_it_drew(page: Visitor):
    page.ask_and_wait("Plot a chart of these words", who="Text agent")

    run = page.turns.last.get_by_role("group", name="Code that was run", exact=True)
    expect(run.get_by_role("group", name="Code, Code that was run")).to_contain_text("plt.bar")
    expect(run.get_by_text("It ran")).to_be_visible()
    run.scroll_into_view_if_needed()
    assert is_drawn(run.get_by_role("img").last)


def test_code_shows_its_output(page: Visitor):
    page.ask_and_wait("Count these five words", who="Text agent")

    output = page.turns.last.get_by_role("group", name="Code, Output")
    expect(output).to_have_text(re.compile(r"^\s*\d+\s*$"))


def test_thoughts_are_folded_beside_the_answer(page: Visitor):
    page.choose("Thinking", "High")
    turn = page.ask_and_wait("Think about why the sea is salty", who="Text agent")

    fold = turn.locator("details").filter(has_text="Th").first
    expect(fold).not_to_have_attribute("open", "")
    fold.locator("summary").click()
    expect(fold.locator(".inside")).to_be_visible()
