"""What models, pages and people write is shown, and never run, fetched or followed."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Frame, WebSocketRoute, expect

from emulator.media import drawn
from tests.browser.payloads import ADDRESSES, NAMES, OPEN_ENDED, TEXTS
from tests.browser.saying import frame, grounded, say, script
from tests.browser.visitor import Visitor

PICTURE = drawn("a sunset", 16, 16)
PLANTED = """
() => {
  const found = []
  for (const element of document.querySelectorAll('*')) {
    const { localName } = element
    for (const { name, value } of element.attributes) {
      const planted = /^(on|srcdoc|style|action|formaction|background)/.test(name)
      const address = /^(href|src|data|poster|xlink:href|srcset|ping)$/.test(name)
      const leads = address && !/^(https?:\\/\\/|mailto:|blob:|\\/|#|\\.\\/)/.test(value)
      if (planted || leads) found.push(`<${localName} ${name}=${value}>`)
    }
    const isOdd = /^(script|object|embed|base|meta|link|style|form|iframe|math|a)$/.test(localName)
    if (isOdd && element.closest('article') && !isOurs(element)) found.push(`<${localName}>`)
  }
  return found
  function isOurs(element) {
    if (element.localName === 'iframe') return element.hasAttribute('sandbox')
    return element.localName === 'a' && (element.target === '_blank' || element.hash !== '')
  }
}
"""


def planted(where: Frame) -> list[str]:
    """Handlers, scripts and addresses in a document that only foreign words can have put there."""
    found: list[str] = where.evaluate(PLANTED)
    return found


def in_one_conversation(page: Visitor, *steps: Any, words: str = "Say it") -> None:
    """Let the model answer with these, one exchange each, and open the conversation."""
    person, thread_id = page.person, ""
    script(person, *steps)
    for _ in steps:
        thread_id = say(person, words, thread_id, agent="direct")
    page.open(f"/#/t/{thread_id}")
    expect(page.turns).to_have_count(len(steps))
    page.wait()


def shown(page: Visitor) -> str:
    return page.page.locator("main").inner_text()


def test_what_is_planted_would_be_found(page: Visitor):
    bad = "<a href='javascript:0'>x</a><img src='data:,' onload='0'><base><i style='top:0'></i>"
    other = page.context.new_page()
    other.set_content(f"<article>{bad}</article>")

    assert [wrong.split()[0].strip("<>") for wrong in planted(other.main_frame)] == [
        "a", "a", "img", "img", "base", "i",
    ]  # fmt: skip


def test_words_of_a_model_are_text_whatever_they_say(page: Visitor):
    assert len(TEXTS) >= 60
    whole, open_ended = TEXTS[:-OPEN_ENDED], TEXTS[-OPEN_ENDED:]
    answers = ["\n\n".join(whole[at : at + 4]) for at in range(0, len(whole), 4)]
    in_one_conversation(page, *({"texts": [text]} for text in (*answers, *open_ended)))

    assert planted(page.page.main_frame) == []
    assert shown(page).count("picture not loaded") >= 8
    assert "<script>alert(1)</script>" in shown(page)


def test_words_are_text_at_every_moment_of_their_arrival(page: Visitor):
    whole = "\n\n".join(TEXTS)
    pieces = [whole[at : at + 7] for at in range(0, len(whole), 7)]
    script(page.person, {"texts": pieces, "pace_ms": 1})
    page.ask("Say it", who="Answer directly")
    while page.page.locator(".answer[aria-busy=true]").count():
        assert planted(page.page.main_frame) == []
    page.wait()

    assert planted(page.page.main_frame) == []


def test_question_is_text_too(page: Visitor):
    words = " ".join(text for text in TEXTS if "\n" not in text)
    turn = page.ask_and_wait(f"{words}", who="Answer directly")

    expect(turn.locator(".prompt")).to_contain_text("<script>alert(1)</script>")
    assert planted(page.page.main_frame) == []


def test_sources_cannot_lead_anywhere_but_the_web(page: Visitor):
    sources = [(address, name) for address in ADDRESSES for name in NAMES]
    script(page.person, {"frames": [grounded("It is so.", sources)]})
    turn = page.ask_and_wait("Is it so?", who="Answer directly")
    turn.locator("details > summary").last.click()

    expect(turn.locator("ol")).to_contain_text("<svg onload=alert(1)>")
    assert planted(page.page.main_frame) == []
    turn.locator(".markers button").first.click()
    expect(turn.locator("li:focus")).to_have_count(1)


def test_suggestions_run_no_script_and_fetch_nothing(page: Visitor):
    page.watch.expect("Blocked (script|form)|violates the following Content Security|^policy: ")
    script(page.person, {"frames": [grounded("So.", [("https://a.example/", "a")], HOSTILE)]})
    turn = page.ask_and_wait("Is it so?", who="Answer directly")

    inside = turn.get_by_title("Search suggestions by Google").content_frame
    expect(inside.get_by_text("A suggestion")).to_be_visible()
    expect(inside.locator("body")).not_to_have_attribute("data-ran", "1")
    assert page.page.evaluate("document.body.dataset.ran") is None
    inside.get_by_role("button").click()
    assert [wrong for wrong in page.watch.wrongs if "dialog" in wrong or "request" in wrong] == []


HOSTILE = """
<p>A suggestion</p>
<script>document.body.dataset.ran = 1; parent.document.body.dataset.ran = 1; alert(1)</script>
<img src="https://evil.example/1.png" onerror="document.body.dataset.ran = 1">
<svg onload="document.body.dataset.ran = 1"></svg>
<style>body { background: url(https://evil.example/2.png) }</style>
<link rel="stylesheet" href="https://evil.example/x.css">
<form action="https://evil.example/"><button>Send</button></form>
"""


def test_code_and_its_output_are_text(page: Visitor):
    steps = [
        {"frames": [frame(
            {"executableCode": {"language": language, "code": text}},
            {"codeExecutionResult": {"outcome": outcome, "output": text}},
        )]}
        for text in ("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>")
        for language, outcome in (("PYTHON", "OUTCOME_OK"), ("\"><svg onload=alert(1)>", "<b>"))
    ]  # fmt: skip
    in_one_conversation(page, *steps)

    assert planted(page.page.main_frame) == []
    expect(page.turns.last.get_by_role("group", name="Code, Output")).to_contain_text("<img src=x")


def test_what_tools_were_given_and_gave_is_text(page: Visitor):
    def as_a_tool(message: str | bytes) -> str:
        frame = json.loads(message)
        event = frame.get("event", {})
        if event.get("activityType") == "code":
            event["activityType"] = "tool"
            given = {"name": NAMES[2], "arguments": {NAMES[0]: TEXTS}, "result": "\n\n".join(TEXTS)}
            event["content"] = given
        return json.dumps(frame)

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        server.on_message(lambda message: route.send(as_a_tool(message)))

    page.page.route_web_socket(re.compile("/chat/stream"), between)
    page.reload()
    turn = page.ask_and_wait("Count these words", who="Text agent")
    turn.get_by_text("Tool <svg onload=alert(1)>").click()

    expect(turn.get_by_role("group", name="Code, Result")).to_contain_text("<script>alert(1)")
    assert planted(page.page.main_frame) == []


def test_tasks_and_reasons_of_agents_are_text(page: Visitor):
    args = {"task": " ".join(TEXTS)[:4000], "reason": NAMES[0] + NAMES[2]}
    script(
        page.person,
        {"thoughts": [TEXTS[40]], "calls": [{"name": "ask_text_agent", "args": args}]},
        {"thoughts": list(TEXTS[30:40]), "texts": "Done."},
    )
    page.ask_and_wait("Let somebody do it")
    for fold in page.turns.last.locator("details > summary").all():
        fold.click()

    expect(page.agent("Text agent")).to_contain_text("<svg onload=alert(1)>")
    assert planted(page.page.main_frame) == []


def test_names_of_files_are_text(page: Visitor):
    files = [{"name": name, "mimeType": "image/png", "buffer": PICTURE} for name in NAMES]
    page.page.locator("input[type=file]").set_input_files(files)
    expect(page.attached.get_by_role("listitem")).to_have_count(len(NAMES))
    expect(page.attached.locator("progress, .wrong")).to_have_count(0)
    assert planted(page.page.main_frame) == []
    page.ask_and_wait("What are these?")
    assert planted(page.page.main_frame) == []

    page.open("/#/settings")
    expect(page.page.get_by_role("region", name="Files").get_by_role("listitem")).to_have_count(6)
    assert planted(page.page.main_frame) == []


def test_titles_of_conversations_are_text(page: Visitor):
    for name in (*NAMES, *TEXTS[34:44]):
        thread_id = say(page.person, "Hello", agent="direct")
        renamed = page.person.rest("PATCH", f"threads/{thread_id}/", json={"title": name[:200]})
        assert renamed.status_code == 200
    page.open(f"/#/t/{thread_id}")
    page.reload()

    threads = page.page.get_by_role("navigation").get_by_role("listitem")
    expect(threads).to_have_count(16)
    expect(threads.last).to_contain_text(NAMES[0])
    assert planted(page.page.main_frame) == []
    threads.last.hover()
    threads.last.get_by_role("button").last.click()
    expect(page.page.get_by_role("dialog")).to_contain_text(NAMES[0])
    assert planted(page.page.main_frame) == []
