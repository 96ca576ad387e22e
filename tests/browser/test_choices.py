"""Who answers, with what: choices reach the model, and stay with their conversation."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.visitor import Visitor

ALL = {"googleSearch", "codeExecution", "urlContext"}


def tool(page: Visitor, name: str) -> Locator:
    tools = page.page.get_by_role("group", name="Tools")
    return tools.get_by_role("button", name=name, exact=True)


def offered(body) -> set[str]:
    return {name for each in body.get("tools", []) for name in each}


def test_switched_off_tools_are_not_offered_to_the_model(page: Visitor):
    page.choose("Who answers", "Text agent")
    page.ask_and_wait("First")
    tool(page, "Search").click()
    page.ask_and_wait("Second")
    tool(page, "Code").click()
    tool(page, "Web pages").click()
    page.ask_and_wait("Third")

    first, second, third = (offered(body) & ALL for body in page.asked("text"))
    assert (first, second, third) == (ALL, ALL - {"googleSearch"}, set())


def test_places_of_google_maps_are_named_as_such(page: Visitor):
    page.choose("Who answers", "Text agent")
    expect(tool(page, "Google Maps")).to_have_attribute("aria-pressed", "false")
    page.ask_and_wait("Which restaurants are nearby?")
    tool(page, "Google Maps").click()
    turn = page.ask_and_wait("And cafes nearby?")
    turn.get_by_text("2 sources").click()

    before, after = (offered(body) for body in page.asked("text"))
    assert "googleMaps" in after - before
    place = turn.get_by_role("listitem").filter(has_text="Emulated Pizza")
    expect(place.get_by_role("link")).to_have_attribute("href", "https://maps.google.com/?cid=1001")
    expect(place.get_by_text("Google Maps", exact=True)).to_be_visible()


def test_thinking_level_reaches_the_model(page: Visitor):
    page.choose("Thinking", "High")
    page.ask_and_wait("Why is the sea salty?")
    page.choose("Thinking", "Low")
    page.ask_and_wait("And lakes?")

    levels = [body["generationConfig"]["thinkingConfig"]["thinkingLevel"] for body in page.asked()]
    assert [level.lower() for level in levels] == ["high", "low"]


def test_level_that_a_model_does_not_take_is_not_offered(page: Visitor):
    levels = page.page.get_by_role("combobox", name="Thinking", exact=True).get_by_role("option")
    expect(levels).to_have_text(["Auto", "Low", "Medium", "High"])
    page.choose("Model", "Gemini 3 Flash-Lite")
    expect(levels).to_have_text(["Auto", "Minimal", "Low", "Medium", "High"])


def test_chosen_model_answers(page: Visitor):
    page.choose("Model", "Gemini 3 Pro (preview, needs billing)")
    turn = page.ask_and_wait("Why is the sea salty?")

    expect(turn).to_contain_text("gemini-3.1-pro-preview")


def test_choices_survive_a_reload_and_stay_with_their_conversation(page: Visitor):
    page.choose("Who answers", "Text agent")
    page.choose("Thinking", "High")
    tool(page, "Search").click()
    page.ask_and_wait("Stay like this")
    page.reload()

    who = page.page.get_by_role("combobox", name="Who answers", exact=True)
    thinking = page.page.get_by_role("combobox", name="Thinking", exact=True)
    expect(who).to_have_value("text")
    expect(thinking).to_have_value("high")
    expect(tool(page, "Search")).to_have_attribute("aria-pressed", "false")
    page.page.get_by_role("link", name="New conversation").click()
    expect(who).to_have_value("auto")
    expect(thinking).to_have_value("auto")
    expect(tool(page, "Search")).to_have_attribute("aria-pressed", "true")


def test_agent_named_in_the_message_answers_alone(page: Visitor):
    page.ask_and_wait("Draw a lighthouse", who="Media: picture")

    assert page.asked("coordinator") == []
    expect(page.agent("Media agent").get_by_role("img").last).to_be_visible()


def test_answered_directly_nobody_else_is_asked(page: Visitor):
    page.choose("Who answers", "Answer directly")
    page.ask_and_wait("Write a story and draw a picture")

    [request] = page.asked()
    assert "functionDeclarations" not in offered(request)
    expect(page.agent("Text agent")).to_have_count(0)
    expect(page.agent("Media agent")).to_have_count(0)


def test_model_that_the_key_does_not_list_cannot_be_chosen(visit, server):
    person = server.person("alice", with_key=False)
    key = server.emulator.new_key()
    listed = [
        {"name": f"models/{name}", "supportedGenerationMethods": ["generateContent"]}
        for name in ("gemini-3.8-flash", "gemini-3.5-flash-lite")
    ]
    checked_and_asked = [{"body": {"models": listed}}] * 2
    server.emulator.script(*checked_and_asked, key=key, method="models")
    added = person.rest("POST", "keys/", json={"name": "narrow", "key": key}).json()
    person.rest("POST", f"keys/{added['id']}/select/")

    page = visit(person)

    models = page.page.get_by_role("combobox", name="Model", exact=True)
    expect(models.get_by_role("option")).to_have_text(
        [
            "Gemini 3 Flash",
            "Gemini 4 Hydrogen (not on this key)",
            "Gemini 4 Argon (not on this key)",
            "Gemini 4 Carbon (not on this key)",
            "Gemini 4 Neon (not on this key)",
            "Gemini 3 Pro (not on this key)",
            "Gemini 3 Flash-Lite",
        ]
    )
    expect(models.get_by_role("option", name="Gemini 3 Pro")).to_be_disabled()
