"""A run's events as the terminal prints them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from agents.management.transcript import Transcript


def activity(kind: str, ref: str = "", **content: Any) -> dict[str, Any]:
    event = {"type": "ACTIVITY_SNAPSHOT", "activityType": kind, "content": content}
    return {**event, "messageId": ref or str(uuid4())}


def printed(*events: dict[str, Any]) -> str:
    transcript = Transcript()
    return "".join(transcript.feed(event) for event in events).strip()


def test_sources_are_a_numbered_list_with_the_pages_that_were_not_read():
    sources = [
        {"title": "Bees", "uri": "https://example.com/bees"},
        {"title": "Wasps", "uri": "https://example.com/wasps"},
    ]
    pages = [{"uri": "https://example.com/bees", "ok": True}, {"uri": "http://x.test", "ok": False}]
    shown = activity("sources", queries=["bees"], sources=sources, supports=[], pages=pages)
    assert printed(shown).splitlines() == [
        "[sources]",
        "  1. Bees https://example.com/bees",
        "  2. Wasps https://example.com/wasps",
        "  not read: http://x.test",
    ]


def test_a_search_without_sources_prints_nothing():
    assert printed(activity("sources", queries=["bees"], sources=[], supports=[], pages=[])) == ""


def test_code_is_printed_once_and_then_what_it_printed():
    program = {"language": "python", "code": "for n in (1, 2):\n    print(n)\n"}
    ran = {"outcome": "ok", "output": "1\n2\n"}
    lines = printed(
        activity("code", "c1", **program), activity("code", "c1", **program, **ran)
    ).splitlines()
    assert lines == [
        "[runs python]",
        "    for n in (1, 2):",
        "        print(n)",
        "",
        "[it printed]",
        "    1",
        "    2",
    ]


def test_code_that_came_whole_is_printed_with_its_output():
    whole = activity("code", language="python", code="x", outcome="deadline_exceeded", output="")
    assert printed(whole).splitlines() == [
        *("[runs python]", "    x", "", "[deadline exceeded]", "    (nothing)")
    ]


def test_tools_tell_their_arguments_and_their_result_in_short():
    rolled = activity("tool", name="roll", arguments={"sides": 6}, result="4")
    failed = activity("tool", name="roll", arguments={}, error="The tool failed. " * 30)
    assert printed(rolled) == '[roll {"sides": 6}: 4]'
    assert len(printed(failed)) < 250


def test_what_was_left_out_waits_and_other_keys_are_told():
    assert "left out: 3 exchanges" in printed(
        activity("history", kept=2, leftOut=3, windowTokens=100)
    )
    assert "again in 7 s" in printed(activity("retry", code="quota", retryAfter=7.0))
    switched = activity("key", **{"from": "work", "to": "home", "reason": "quota"})
    assert printed(switched) == "[goes on with the key home, instead of work]"


def test_files_are_addresses_and_other_activities_are_passed_over():
    file = {"artifactId": "1", "url": "/api/files/1/", "mimeType": "image/png", "name": "bee.png"}
    assert printed(activity("artifact", **file)) == "[bee.png (image/png): /api/files/1/]"
    assert printed(activity("something-new", anything=1)) == ""


def test_who_speaks_stands_in_front_again_after_an_aside():
    started = {"type": "SUBAGENT_STARTED", "subagentRunId": "s1", "name": "text"}
    words = {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Hello"}
    theirs = {**words, "subagentRunId": "s1"}
    lines = printed(started, theirs, activity("tool", name="t", arguments={}), theirs, words)
    assert [line for line in lines.splitlines() if line] == [
        *("[asks the text agent]", "text: Hello", "[t {}: ]", "text: Hello"),
        "coordinator: Hello",
    ]
